// SPDX-License-Identifier: Apache-2.0
#include "networks/linear_layers.hpp"

#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>

#include "kernels/activation.hpp"
#include "kernels/fused_ops.hpp"

namespace ncmlab {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

/// `values` as an operand of products in bf16.
at::Tensor rounded(const at::Tensor& values) {
  const at::Tensor bf16 = values.to(at::kBFloat16);
  return values.is_cpu() && !has_bf16_products() ? bf16.to(at::kFloat) : bf16;
}

/// Products of bfloat16 with at most so many multiplications are made in float32: LibTorch leaves
/// them to a loop that rounds every partial sum.
constexpr std::int64_t kSmallProduct = 1 << 15;

/// a [m, k] times b [k, n] in bfloat16; both must be rounded.
at::Tensor rounded_product(const at::Tensor& a, const at::Tensor& b) {
  const bool small = a.is_cpu() && a.scalar_type() == at::kBFloat16 &&
                     a.size(0) * a.size(1) * b.size(1) <= kSmallProduct;
  const at::Tensor product = small ? at::mm(a.to(at::kFloat), b.to(at::kFloat)) : at::mm(a, b);
  return product.to(at::kBFloat16);
}

/// a [m, k] times b [k, n] in float32; in bf16 both must be rounded and the result is.
at::Tensor multiply(Precision precision, const at::Tensor& a, const at::Tensor& b) {
  return precision == Precision::fp32 ? at::mm(a, b) : rounded_product(a, b).to(at::kFloat);
}

at::Tensor multiply_and_add(Precision precision, const at::Tensor& input, const at::Tensor& weight,
                            const at::Tensor& bias) {
  if (precision == Precision::fp32) {
    return at::linear(input, weight, bias);
  }
  return ops::add_bias(rounded_product(input, weight.t()), bias);
}

/// The part of `whole` from row `first` on.
at::Tensor tail(const at::Tensor& whole, std::int64_t first) {
  return whole.narrow(0, first, whole.size(0) - first);
}

at::Tensor defined_or_empty(const at::Tensor& bias) {
  return bias.defined() ? bias : at::empty({0}, at::kFloat);
}

/// `parts` are those of JointLayers; they are arguments so that they receive gradients. `weight`
/// is rounded in bf16. An empty `bias` is none: autograd's functions take no undefined tensors.
class Linear : public Function<Linear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, at::TensorList parts,
                            const at::Tensor& weight, const at::Tensor& bias, bool bf16) {
    const Precision precision = bf16 ? Precision::bf16 : Precision::fp32;
    const at::Tensor operand = bf16 ? rounded(input) : input;
    context->saved_data["bf16"] = bf16;
    context->saved_data["parts"] = static_cast<std::int64_t>(parts.size());
    context->saved_data["layers"] =
        static_cast<std::int64_t>(bias.numel() > 0 ? parts.size() / 2 : parts.size());
    context->saved_data["parameters"] = parts[0].requires_grad();
    context->save_for_backward({operand, weight});
    return multiply_and_add(precision, operand, weight, bias.numel() > 0 ? bias : at::Tensor());
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const bool bf16 = context->saved_data["bf16"].toBool();
    const Precision precision = bf16 ? Precision::bf16 : Precision::fp32;
    const auto parts = static_cast<std::size_t>(context->saved_data["parts"].toInt());
    const auto layers = context->saved_data["layers"].toInt();
    const at::Tensor gradient = gradients[0].contiguous();
    const at::Tensor operand = bf16 ? rounded(gradient) : gradient;
    variable_list result(parts + 4);
    if (context->needs_input_grad(0)) {
      result[0] = multiply(precision, operand, saved[1]);
    }
    if (context->saved_data["parameters"].toBool()) {
      const auto weights = multiply(precision, operand.t(), saved[0]).chunk(layers, 0);
      std::copy(weights.begin(), weights.end(), result.begin() + 1);
      if (parts > weights.size()) {
        const auto biases = gradient.sum(0).chunk(layers, 0);
        std::copy(biases.begin(), biases.end(), result.begin() + 1 + layers);
      }
    }
    return result;
  }
};

}  // namespace

bool has_bf16_products() {
#ifdef __x86_64__
  static const bool found = __builtin_cpu_supports("avx512bf16") != 0;
  return found;
#else
  return false;
#endif
}

at::Tensor LinearLayers::rounded_weight(const at::Tensor& weight) {
  return rounded_.get(weight, 0, [&] { return rounded(weight); });
}

at::Tensor LinearLayers::float_layer(const at::Tensor& input, const at::Tensor& weight,
                                     std::int64_t first, const at::Tensor& bias) {
  const at::Tensor rows = tail(weight, first);
  if (weight.is_cpu()) {
    const auto packed =
        packed_.get(weight, first, [&] { return std::shared_ptr(pack_weight(rows)); });
    if (packed != nullptr) {
      return packed->multiply_and_add(input, bias);
    }
  }
  return at::linear(input, rows, bias);
}

at::Tensor LinearLayers::bf16_product(const at::Tensor& input, const at::Tensor& weight,
                                      std::int64_t first) {
  if (weight.is_cpu() && has_bf16_products()) {
    const auto packed = packed_bf16_.get(
        weight, first, [&] { return std::shared_ptr(pack_weight(rounded(tail(weight, first)))); });
    if (packed != nullptr) {
      return packed->multiply_and_add(rounded(input), {});
    }
  }
  return rounded_product(rounded(input), tail(rounded_weight(weight), first).t());
}

at::Tensor LinearLayers::infer(Precision precision, const at::Tensor& input,
                               const at::Tensor& weight, const at::Tensor& bias,
                               std::int64_t first) {
  return precision == Precision::fp32 ? float_layer(input, weight, first, bias)
                                      : ops::add_bias(bf16_product(input, weight, first), bias);
}

at::Tensor LinearLayers::linear(Precision precision, const at::Tensor& input,
                                const at::Tensor& weight, const at::Tensor& bias) {
  if (!at::GradMode::is_enabled()) {
    return infer(precision, input, weight, bias, 0);
  }
  if (precision == Precision::fp32) {
    return at::linear(input, weight, bias);
  }
  std::vector<at::Tensor> parts = {weight};
  if (bias.defined()) {
    parts.push_back(bias);
  }
  return Linear::apply(input, at::TensorList(parts), rounded_weight(weight), defined_or_empty(bias),
                       true);
}

at::Tensor LinearLayers::activated(Precision precision, const at::Tensor& input,
                                   const at::Tensor& weight, const at::Tensor& bias,
                                   Activation function) {
  if (precision == Precision::fp32 || at::GradMode::is_enabled()) {
    return activate(function, linear(precision, input, weight, bias));
  }
  return ops::add_bias_and_activate(bf16_product(input, weight, 0), bias, function);
}

at::Tensor LinearLayers::joint(Precision precision, const at::Tensor& input,
                               const JointLayers& layers, std::int64_t first) {
  const auto count =
      static_cast<std::int64_t>(layers.parts.size()) / (layers.bias.defined() ? 2 : 1);
  const std::int64_t skipped = layers.weight.size(0) / count * first;
  const at::Tensor bias = layers.bias.defined() ? tail(layers.bias, skipped) : layers.bias;
  if (!at::GradMode::is_enabled()) {
    return infer(precision, input, layers.weight, bias, skipped);
  }
  const bool bf16 = precision == Precision::bf16;
  std::vector<at::Tensor> parts;
  for (std::size_t i = 0; i < layers.parts.size(); ++i) {
    if (static_cast<std::int64_t>(i) % count >= first) {
      parts.push_back(layers.parts[i]);
    }
  }
  return Linear::apply(input, at::TensorList(parts),
                       tail(bf16 ? rounded_weight(layers.weight) : layers.weight, skipped),
                       defined_or_empty(bias), bf16);
}

}  // namespace ncmlab
