// SPDX-License-Identifier: Apache-2.0
#include "neuron_noise.hpp"

#include <torch/autograd.h>
#include <torch/types.h>

#include <string>
#include <utility>

namespace ncmlab::ban {
namespace {

/// Whether a parameter's name is that of a norm in RoBERTa or T5.
bool is_of_norm(const std::string& name) {
  return name.find("LayerNorm.") != std::string::npos ||
         name.find("layer_norm.") != std::string::npos;
}

/// Zeros where `loss` does not depend on a tensor.
std::vector<at::Tensor> gradients_of(const at::Tensor& loss,
                                     const std::vector<at::Tensor>& tensors) {
  const auto found = torch::autograd::grad({loss}, tensors, {}, {}, false, true);
  std::vector<at::Tensor> gradients;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    gradients.push_back(found[i].defined() ? found[i] : at::zeros_like(tensors[i]).detach());
  }
  return gradients;
}

}  // namespace

NeuronNoise::NeuronNoise(const Encoder& encoder, double size) : size_(size) {
  for (const auto& [name, tensor] : encoder.parameters()) {
    if (is_of_norm(name)) {
      const at::Tensor original = tensor.detach().clone();
      sites_.push_back({.weight = tensor, .original = original, .noise = at::zeros_like(original)});
    }
  }
}

NeuronNoise::~NeuronNoise() {
  const at::NoGradGuard no_grad;
  for (Site& site : sites_) {
    site.weight.copy_(site.original);
  }
}

void NeuronNoise::apply() {
  const at::NoGradGuard no_grad;
  for (Site& site : sites_) {
    site.weight.copy_(site.original * (1 + site.noise));
  }
}

void NeuronNoise::draw() {
  for (Site& site : sites_) {
    site.noise.copy_(at::empty(site.noise.sizes(), at::kFloat).uniform_(-size_, size_));
  }
  apply();
}

std::vector<at::Tensor> NeuronNoise::slopes(const at::Tensor& loss) const {
  std::vector<at::Tensor> weights;
  for (const Site& site : sites_) {
    weights.push_back(site.weight);
  }
  std::vector<at::Tensor> slopes = gradients_of(loss, weights);
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    slopes[i] = slopes[i] * sites_[i].original;
  }
  return slopes;
}

void NeuronNoise::climb(const std::vector<at::Tensor>& slopes, double step) {
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    sites_[i].noise = (sites_[i].noise + step * slopes[i].sign()).clamp(-size_, size_);
  }
  apply();
}

std::vector<at::Tensor> NeuronNoise::gradients(const at::Tensor& loss,
                                               const StateDict& parameters) const {
  std::vector<at::Tensor> all;
  for (const auto& [name, tensor] : parameters) {
    all.push_back(tensor);
  }
  std::vector<at::Tensor> gradients = gradients_of(loss, all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const Site& site : sites_) {
      if (all[i].is_same(site.weight)) {
        gradients[i] = gradients[i] * (1 + site.noise);
      }
    }
  }
  return gradients;
}

std::vector<at::Tensor> NeuronNoise::values() const {
  std::vector<at::Tensor> values;
  for (const Site& site : sites_) {
    values.push_back(site.noise);
  }
  return values;
}

at::Tensor robust_losses(CodeModel& model, const Batch& batch, const at::Tensor& labels,
                         const NoiseOptions& options) {
  const StateDict parameters = model.parameters();
  at::Tensor losses;
  std::vector<at::Tensor> gradients;
  {
    NeuronNoise noise(model.encoder(), options.size);
    noise.draw();
    for (std::int64_t i = 0; i < options.steps; ++i) {
      noise.climb(noise.slopes(model.head().losses(model.logits(batch, false), labels).sum()),
                  options.size / static_cast<double>(options.steps));
    }
    losses = model.head().losses(model.logits(batch, true), labels);
    gradients = noise.gradients(losses.sum(), parameters);
  }
  model.work().backward_rows += (options.steps + 1) * batch.ids.size(0);
  // The weights are back, so that their pass cannot be differentiated any more: a function that is
  // linear in the parameters, of value 0, brings its gradients to the caller's backward pass.
  at::Tensor linear = at::zeros({}, losses.detach().options());
  std::size_t i = 0;
  for (const auto& [name, tensor] : parameters) {
    linear = linear + (gradients[i++] * tensor).sum();
  }
  return losses.detach() + (linear - linear.detach()) / static_cast<double>(labels.size(0));
}

}  // namespace ncmlab::ban
