// SPDX-License-Identifier: Apache-2.0
#include "kernels/packed_weight.hpp"

#include <torch/types.h>

#ifdef NCMLAB_HAS_ONEDNN
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

namespace ncmlab {
namespace {

using dnnl::memory;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// An empty `bias` is none.
dnnl::matmul::primitive_desc product(const memory::desc& input, const memory::desc& weight,
                                     const memory::desc& bias, const memory::desc& output) {
#if DNNL_VERSION_MAJOR >= 3
  return {cpu(), input, weight, bias, output};
#else
  return {dnnl::matmul::desc(input, weight, bias, output), cpu()};
#endif
}

class OneDnnWeight final : public PackedWeight {
 public:
  explicit OneDnnWeight(const at::Tensor& weight)
      : inputs_(weight.size(1)),
        outputs_(weight.size(0)),
        type_(weight.scalar_type() == at::kBFloat16 ? memory::data_type::bf16
                                                    : memory::data_type::f32) {
    constexpr std::int64_t kTokens = 2048;  // the order is the same for other numbers
    order_ = product(rows(kTokens, inputs_), {{inputs_, outputs_}, type_, memory::format_tag::any},
                     {}, rows(kTokens, outputs_))
                 .weights_desc();
    bytes_ = at::empty({static_cast<std::int64_t>(order_.get_size())}, at::kByte);
    const at::Tensor source = weight.contiguous();
    memory plain({{inputs_, outputs_}, type_, memory::format_tag::ba}, cpu(), source.data_ptr());
    memory packed(order_, cpu(), bytes_.data_ptr());
    dnnl::stream stream(cpu());
    dnnl::reorder(plain, packed).execute(stream, plain, packed);
    stream.wait();
  }

  at::Tensor multiply_and_add(const at::Tensor& input, const at::Tensor& bias) const override {
    // oneDNN compiles a product for each number of tokens. The 32 multiples and 63 remainders of
    // a pass of 2,048 tokens stay in its cache; all numbers would not.
    constexpr std::int64_t kStep = 64;
    const at::Tensor source = input.contiguous();
    const at::Tensor output = at::empty({source.size(0), outputs_}, source.options());
    const std::int64_t rest = source.size(0) % kStep;
    const std::int64_t body = source.size(0) - rest;
    run(source.narrow(0, 0, body), bias, output.narrow(0, 0, body));
    run(source.narrow(0, body, rest), bias, output.narrow(0, body, rest));
    return output;
  }

 private:
  memory::desc rows(std::int64_t count, std::int64_t width) const {
    return {{count, width}, type_, memory::format_tag::ab};
  }

  void run(const at::Tensor& input, const at::Tensor& bias, const at::Tensor& output) const {
    const std::int64_t tokens = input.size(0);
    if (tokens == 0) {
      return;
    }
    const memory::desc from = rows(tokens, inputs_);
    const memory::desc to = rows(tokens, outputs_);
    const memory::desc added = bias.defined() ? rows(1, outputs_) : memory::desc();
    std::unordered_map<int, memory> arguments = {
        {DNNL_ARG_SRC, {from, cpu(), input.data_ptr()}},
        {DNNL_ARG_WEIGHTS, {order_, cpu(), bytes_.data_ptr()}},
        {DNNL_ARG_DST, {to, cpu(), output.data_ptr()}}};
    if (bias.defined()) {
      arguments.insert({DNNL_ARG_BIAS, {added, cpu(), bias.data_ptr()}});
    }
    dnnl::stream stream(cpu());
    dnnl::matmul(product(from, order_, added, to)).execute(stream, arguments);
    stream.wait();
  }

  std::int64_t inputs_, outputs_;
  memory::data_type type_;
  memory::desc order_;
  at::Tensor bytes_;
};

}  // namespace

std::unique_ptr<const PackedWeight> pack_weight(const at::Tensor& weight) {
  return std::make_unique<OneDnnWeight>(weight);
}

}  // namespace ncmlab

#else

std::unique_ptr<const ncmlab::PackedWeight> ncmlab::pack_weight(const at::Tensor&) {
  return nullptr;
}

#endif
