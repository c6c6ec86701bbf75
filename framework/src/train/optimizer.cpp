// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/train/optimizer.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

// The defaults of every implementation (Kingma & Ba 2015, section 2).
constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;

const std::string kFirst = "first_moment.", kSecond = "second_moment.", kUpdates = "updates.";

}  // namespace

Optimizer::Optimizer(const StateDict& parameters, const TrainingOptions& options,
                     std::int64_t warmup_steps, std::int64_t total_steps)
    : peak_(options.learning_rate),
      eps_(options.adam_eps),
      max_grad_norm_(options.max_grad_norm),
      warmup_steps_(warmup_steps),
      total_steps_(total_steps) {
  for (const auto& [name, tensor] : parameters) {
    slots_.push_back({.name = name,
                      .parameter = tensor,
                      .decay = tensor.dim() > 1 ? options.weight_decay : 0,
                      .first_moment = {},
                      .second_moment = {}});
  }
}

void Optimizer::zero_grad() {
  for (Slot& slot : slots_) {
    slot.parameter.mutable_grad().reset();
  }
}

double Optimizer::learning_rate() const {
  const auto step = static_cast<double>(steps_);
  const auto warmup = static_cast<double>(warmup_steps_);
  const auto total = static_cast<double>(total_steps_);
  if (step < warmup) {
    return peak_ * step / warmup;
  }
  return peak_ * std::max(0.0, total - step) / std::max(1.0, total - warmup);
}

double Optimizer::clip() const {
  double squares = 0;
  for (const Slot& slot : slots_) {
    if (slot.parameter.grad().defined()) {
      const double norm = slot.parameter.grad().norm().item<double>();
      squares += norm * norm;
    }
  }
  const double norm = std::sqrt(squares);
  // The guard is that of torch.nn.utils.clip_grad_norm_.
  const double factor = max_grad_norm_ > 0 ? max_grad_norm_ / (norm + 1e-6) : 1.0;
  if (factor < 1) {
    for (const Slot& slot : slots_) {
      if (slot.parameter.grad().defined()) {
        slot.parameter.grad().mul_(factor);
      }
    }
  }
  return norm;
}

void Optimizer::update(Slot& slot, double rate) const {
  const at::Tensor& gradient = slot.parameter.grad();
  if (!slot.first_moment.defined()) {
    slot.first_moment = at::zeros_like(slot.parameter);
    slot.second_moment = at::zeros_like(slot.parameter);
  }
  ++slot.updates;
  const auto updates = static_cast<double>(slot.updates);
  const double bias1 = 1 - std::pow(kBeta1, updates);
  const double bias2 = 1 - std::pow(kBeta2, updates);
  if (slot.decay != 0) {
    slot.parameter.mul_(1 - rate * slot.decay);
  }
  slot.first_moment.mul_(kBeta1).add_(gradient, 1 - kBeta1);
  slot.second_moment.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
  const at::Tensor denominator = slot.second_moment.sqrt().div_(std::sqrt(bias2)).add_(eps_);
  slot.parameter.addcdiv_(slot.first_moment, denominator, -rate / bias1);
}

double Optimizer::step() {
  const at::NoGradGuard no_grad;
  const double norm = clip();
  const double rate = learning_rate();
  for (Slot& slot : slots_) {
    if (slot.parameter.grad().defined()) {
      update(slot, rate);
    }
  }
  ++steps_;
  return norm;
}

StateDict Optimizer::state() const {
  StateDict result;
  for (const Slot& slot : slots_) {
    if (slot.first_moment.defined()) {
      result.add(kFirst + slot.name, slot.first_moment);
      result.add(kSecond + slot.name, slot.second_moment);
      result.add(kUpdates + slot.name, at::tensor(slot.updates, at::kLong));
    }
  }
  return result;
}

void Optimizer::restore(const StateDict& state, std::int64_t steps) {
  for (Slot& slot : slots_) {
    if (!state.contains(kFirst + slot.name)) {
      slot.first_moment = slot.second_moment = at::Tensor();
      slot.updates = 0;
      continue;
    }
    const auto moment = [&](const std::string& name) {
      const at::Tensor& stored = state.at(name);
      if (stored.sizes() != slot.parameter.sizes()) {
        throw Error("checkpoint.shape",
                    "tensor `" + name + "` does not have the shape of its parameter");
      }
      return stored.to(slot.parameter.device(), at::kFloat, false, true);
    };
    slot.first_moment = moment(kFirst + slot.name);
    slot.second_moment = moment(kSecond + slot.name);
    slot.updates = state.at(kUpdates + slot.name).item<std::int64_t>();
  }
  steps_ = steps;
}

}  // namespace ncmlab
