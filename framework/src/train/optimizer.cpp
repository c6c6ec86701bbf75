// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "ncmlab/train/trainer.hpp"

namespace ncmlab {

struct Optimizer::State {
  State(std::vector<torch::optim::OptimizerParamGroup> groups, const TrainingOptions& options)
      : adam(std::move(groups),
             torch::optim::AdamWOptions(options.learning_rate).eps(options.adam_eps)) {}

  torch::optim::AdamW adam;
  std::vector<at::Tensor> parameters;
  double peak = 0, max_grad_norm = 0;
  std::int64_t steps = 0, warmup_steps = 0, total_steps = 0;
};

Optimizer::Optimizer(const StateDict& parameters, const TrainingOptions& options,
                     std::int64_t warmup_steps, std::int64_t total_steps) {
  const auto group_options = [&](double decay) {
    auto result = std::make_unique<torch::optim::AdamWOptions>(options.learning_rate);
    result->eps(options.adam_eps).weight_decay(decay);
    return result;
  };
  std::vector<at::Tensor> matrices, vectors, all;
  for (const auto& [name, tensor] : parameters) {
    // Biases and norm weights are the parameters with one dimension.
    (tensor.dim() > 1 ? matrices : vectors).push_back(tensor);
    all.push_back(tensor);
  }
  std::vector<torch::optim::OptimizerParamGroup> groups;
  if (!matrices.empty()) {
    groups.emplace_back(std::move(matrices), group_options(options.weight_decay));
  }
  if (!vectors.empty()) {
    groups.emplace_back(std::move(vectors), group_options(0));
  }
  state_ = std::make_unique<State>(std::move(groups), options);
  state_->parameters = std::move(all);
  state_->peak = options.learning_rate;
  state_->max_grad_norm = options.max_grad_norm;
  state_->warmup_steps = warmup_steps;
  state_->total_steps = total_steps;
}

Optimizer::~Optimizer() = default;
Optimizer::Optimizer(Optimizer&&) noexcept = default;

void Optimizer::zero_grad() {
  for (at::Tensor& parameter : state_->parameters) {
    parameter.mutable_grad().reset();
  }
}

double Optimizer::learning_rate() const {
  const auto step = static_cast<double>(state_->steps);
  const auto warmup = static_cast<double>(state_->warmup_steps);
  const auto total = static_cast<double>(state_->total_steps);
  if (step < warmup) {
    return state_->peak * step / warmup;
  }
  return state_->peak * std::max(0.0, total - step) / std::max(1.0, total - warmup);
}

double Optimizer::step() {
  double squares = 0;
  for (const at::Tensor& parameter : state_->parameters) {
    if (parameter.grad().defined()) {
      const double norm = parameter.grad().norm().item<double>();
      squares += norm * norm;
    }
  }
  const double norm = std::sqrt(squares);
  // The guard is that of torch.nn.utils.clip_grad_norm_.
  const double factor = state_->max_grad_norm > 0 ? state_->max_grad_norm / (norm + 1e-6) : 1.0;
  if (factor < 1) {
    for (const at::Tensor& parameter : state_->parameters) {
      if (parameter.grad().defined()) {
        parameter.grad().mul_(factor);
      }
    }
  }
  const double rate = learning_rate();
  for (auto& group : state_->adam.param_groups()) {
    static_cast<torch::optim::AdamWOptions&>(group.options()).lr(rate);
  }
  state_->adam.step();
  ++state_->steps;
  return norm;
}

}  // namespace ncmlab
