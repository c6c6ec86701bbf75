// SPDX-License-Identifier: Apache-2.0
#include "networks/tensor_source.hpp"

#include <torch/types.h>

#include <algorithm>

#include "networks/random_weights.hpp"
#include "weights/foreign_elements.hpp"
#include "weights/shape_text.hpp"

namespace ncmlab {

TensorSource random_source(const Rng& rng, std::function<double(std::string_view name)> std_of,
                           double one) {
  return [rng, std_of = std::move(std_of), one](
             const std::string& name, const std::vector<std::int64_t>& sizes, Initial initial) {
    return initial == Initial::normal
               ? random_weights(sizes, std_of(name), rng.stream(name)).detach()
               : at::full(sizes, initial == Initial::ones ? one : 0.0, at::kFloat);
  };
}

at::Tensor StoredTensors::copy(const std::string& name, const std::vector<std::int64_t>& sizes) {
  const at::Tensor* found = weights_.find(name);
  if (const auto* foreign = found != nullptr ? foreign_elements(*found) : nullptr) {
    problems_.push_back(
        {.code = "checkpoint.bad-dtype", .message = foreign_message(name, *foreign)});
    return {};
  }
  if (found != nullptr && found->sizes() == at::IntArrayRef(sizes)) {
    return found->detach().to(device_, at::kFloat, false, true).contiguous();
  }
  if (found == nullptr) {
    problems_.push_back(
        {.code = "checkpoint.missing-tensor",
         .message = "the weights have no tensor `" + name + "` of shape " + shape_text(sizes)});
  } else {
    problems_.push_back({.code = "checkpoint.shape",
                         .message = "tensor `" + name + "` should have the shape " +
                                    shape_text(sizes) + " by `config.json`, but has " +
                                    shape_text(found->sizes())});
  }
  return {};
}

TensorSource StoredTensors::source() {
  return [this](const std::string& name, const std::vector<std::int64_t>& sizes, Initial) {
    return copy(name, sizes);
  };
}

void StoredTensors::check() const {
  if (!problems_.empty()) {
    throw Error(problems_);
  }
}

at::Tensor ParameterBuilder::parameter(const std::string& name,
                                       const std::vector<std::int64_t>& sizes, Initial initial) {
  at::Tensor tensor = source_(name, sizes, initial);
  if (tensor.defined()) {
    named_.add(name, tensor.requires_grad_());
  }
  return tensor;
}

JointLayers ParameterBuilder::joint(const std::vector<std::string>& names, std::int64_t outputs,
                                    std::int64_t inputs, bool bias) {
  std::vector<at::Tensor> weights, biases;
  for (const std::string& name : names) {
    weights.push_back(source_(name + ".weight", {outputs, inputs}, Initial::normal));
    if (bias) {
      biases.push_back(source_(name + ".bias", {outputs}, Initial::zeros));
    }
  }
  const auto defined = [](const at::Tensor& tensor) { return tensor.defined(); };
  JointLayers layers;
  if (!std::ranges::all_of(weights, defined) || !std::ranges::all_of(biases, defined)) {
    return layers;
  }
  const auto views_of = [&](at::Tensor& whole, const std::vector<at::Tensor>& pieces) {
    whole = at::cat(pieces);
    for (const at::Tensor& view : whole.chunk(static_cast<std::int64_t>(names.size()))) {
      layers.parts.push_back(view.detach().requires_grad_());
    }
  };
  views_of(layers.weight, weights);
  if (bias) {
    views_of(layers.bias, biases);
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    named_.add(names[i] + ".weight", layers.parts[i]);
    if (bias) {
      named_.add(names[i] + ".bias", layers.parts[names.size() + i]);
    }
  }
  return layers;
}

}  // namespace ncmlab
