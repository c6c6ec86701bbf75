// SPDX-License-Identifier: Apache-2.0
#include "mixing.hpp"

#include <torch/types.h>

#include <algorithm>
#include <string>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/networks/architecture.hpp"

namespace ncmlab::fine_mixing {
namespace {

/// Below this a token is too rare for its count to say anything (the paper's).
constexpr double kFewTimes = 20;

std::string shape_of(const at::Tensor& tensor) {
  std::string text;
  for (const std::int64_t extent : tensor.sizes()) {
    text += (text.empty() ? "" : " x ") + std::to_string(extent);
  }
  return text;
}

}  // namespace

StateDict public_weights(const std::filesystem::path& folder, const Encoder& encoder) {
  const std::string origin = (folder / "config.json").string();
  const std::string config = read_file(origin);
  const Architecture& architecture = architecture_of(config, origin);
  const auto found = make_encoder(config, origin, architecture.pooling,
                                  split_weights(architecture, read_weights(folder)).encoder);
  const StateDict stored = found->parameters();
  StateDict result;
  for (const auto& [name, tensor] : encoder.parameters()) {
    const at::Tensor* other = stored.find(name);
    if (other == nullptr || other->sizes() != tensor.sizes()) {
      throw Error("defense.fine_mixing.other-model",
                  "expected `" + name + "` of the victim's shape, " + shape_of(tensor) +
                      ", but the model in `" + folder.string() + "` has " +
                      (other == nullptr ? "none" : shape_of(*other)),
                  {"name the checkpoint that the victim was trained from"});
    }
    result.add(name, other->detach().to(tensor.device()));
  }
  return result;
}

void mix(const Encoder& encoder, const StateDict& pretrained, double kept, Mixing mixing) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : encoder.parameters()) {
    const at::Tensor& other = pretrained.at(name);
    if (mixing == Mixing::average) {
      tensor.mul_(kept).add_(other, 1 - kept);
    } else {
      const at::Tensor is_kept = at::rand(tensor.sizes(), at::kFloat).lt(kept);
      tensor.copy_(at::where(is_kept.to(tensor.device()), tensor, other));
    }
  }
}

std::vector<std::int64_t> suspicious_tokens(const at::Tensor& embeddings,
                                            const at::Tensor& pretrained,
                                            const std::vector<TokenSample>& samples,
                                            std::int64_t count) {
  at::Tensor times = at::zeros({embeddings.size(0)}, at::kDouble);
  for (const TokenSample& sample : samples) {
    for (const TokenRow& part : sample.parts) {
      for (const std::int64_t id : part.ids) {
        times.data_ptr<double>()[id] += 1;
      }
    }
  }
  const at::Tensor distance = (embeddings.detach() - pretrained).to(at::kDouble).norm(2, 1).cpu();
  const at::Tensor order =
      std::get<1>((distance / times.clamp_min(kFewTimes).log()).sort(true, 0, true));
  const auto* first = order.data_ptr<std::int64_t>();
  return {first, first + std::min(count, order.numel())};
}

void purify(const at::Tensor& embeddings, const at::Tensor& pretrained,
            const std::vector<std::int64_t>& tokens) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = at::tensor(tokens, at::kLong).to(embeddings.device());
  at::Tensor changed = embeddings;
  changed.index_copy_(0, rows, pretrained.index_select(0, rows));
}

}  // namespace ncmlab::fine_mixing
