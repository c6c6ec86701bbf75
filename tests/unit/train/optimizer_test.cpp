// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/train/optimizer.hpp"

#include <gtest/gtest.h>
#include <torch/optim/adamw.h>
#include <torch/types.h>

#include <vector>

#include "golden_case.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

using testing::difference;

TEST(OptimizerTest, ScheduleRisesAndFallsLinearly) {
  const at::Tensor parameter = torch::ones({2, 2}).requires_grad_();
  StateDict parameters;
  parameters.add("w", parameter);
  TrainingOptions options;
  options.learning_rate = 1;
  Optimizer optimizer(parameters, options, 2, 6);
  std::vector<double> rates;
  for (int i = 0; i < 7; ++i) {
    rates.push_back(optimizer.learning_rate());
    optimizer.zero_grad();
    parameter.sum().backward();
    EXPECT_NEAR(optimizer.step(), 2, 1e-6);
  }
  EXPECT_EQ(rates, (std::vector<double>{0, 0.5, 1, 0.75, 0.5, 0.25, 0}));
}

TEST(OptimizerTest, DecaysMatricesButNotVectors) {
  const at::Tensor matrix = torch::ones({2, 2}).requires_grad_();
  const at::Tensor vector = torch::ones({2}).requires_grad_();
  StateDict parameters;
  parameters.add("dense.weight", matrix);
  parameters.add("norm.weight", vector);
  TrainingOptions options;
  options.learning_rate = 0.5;
  options.weight_decay = 0.2;
  Optimizer optimizer(parameters, options, 0, 10);
  (matrix.sum() * 0 + vector.sum() * 0).backward();
  optimizer.step();
  EXPECT_NEAR(matrix[0][0].item<double>(), 0.9, 1e-6);
  EXPECT_NEAR(vector[0].item<double>(), 1, 1e-6);
}

/// A matrix and a vector with fixed values.
StateDict two_parameters() {
  StateDict parameters;
  parameters.add("dense.weight", torch::linspace(-1, 1, 12).reshape({3, 4}).requires_grad_());
  parameters.add("norm.weight", torch::linspace(0.5, 1.5, 4).requires_grad_());
  return parameters;
}

/// Gradients that differ from step to step.
void differentiate(const StateDict& parameters, int step) {
  const at::Tensor states = torch::relu(parameters.at("dense.weight") * (1.0 + step));
  (states * parameters.at("norm.weight") * (step - 1.5)).pow(2).sum().backward();
}

TrainingOptions decaying_options() {
  TrainingOptions options;
  options.learning_rate = 0.01;
  options.weight_decay = 0.1;
  options.max_grad_norm = 0;
  return options;
}

TEST(OptimizerTest, StepsAsLibTorchsAdamW) {
  const StateDict ours = two_parameters();
  const StateDict theirs = two_parameters();
  Optimizer optimizer(ours, decaying_options(), 0, 1000000000);
  const auto group = [&](const char* name, double decay) {
    auto options = std::make_unique<torch::optim::AdamWOptions>(0.01);
    options->eps(1e-8).weight_decay(decay);
    return torch::optim::OptimizerParamGroup({theirs.at(name)}, std::move(options));
  };
  torch::optim::AdamW reference(std::vector<torch::optim::OptimizerParamGroup>{
      group("dense.weight", 0.1), group("norm.weight", 0)});
  for (int step = 0; step < 5; ++step) {
    optimizer.zero_grad();
    reference.zero_grad();
    differentiate(ours, step);
    differentiate(theirs, step);
    optimizer.step();
    reference.step();
  }
  EXPECT_EQ(optimizer.steps(), 5);
  for (const auto& [name, tensor] : ours) {
    EXPECT_LT(difference(tensor, theirs.at(name)), 1e-6) << name;
    EXPECT_GT(difference(tensor, two_parameters().at(name)), 1e-2) << name;
  }
}

TEST(OptimizerTest, GoesOnFromItsState) {
  const StateDict whole = two_parameters();
  Optimizer uninterrupted(whole, decaying_options(), 3, 6);
  StateDict saved, moments;
  for (int step = 0; step < 6; ++step) {
    if (step == 2) {
      saved = whole.clone();
      moments = uninterrupted.state().clone();
    }
    uninterrupted.zero_grad();
    differentiate(whole, step);
    uninterrupted.step();
  }
  const StateDict resumed = two_parameters();
  for (const auto& [name, tensor] : resumed) {
    tensor.detach().copy_(saved.at(name));
  }
  Optimizer second(resumed, decaying_options(), 3, 6);
  second.restore(moments, 2);
  for (int step = 2; step < 6; ++step) {
    second.zero_grad();
    differentiate(resumed, step);
    second.step();
  }
  for (const auto& [name, tensor] : resumed) {
    EXPECT_TRUE(at::equal(tensor, whole.at(name))) << name;
  }
}

TEST(OptimizerTest, RefusesAStateOfOtherShapes) {
  const StateDict parameters = two_parameters();
  Optimizer optimizer(parameters, decaying_options(), 0, 6);
  differentiate(parameters, 0);
  optimizer.step();
  StateDict state;
  for (const auto& [name, tensor] : optimizer.state()) {
    state.add(name, name.starts_with("updates") ? tensor : tensor.flatten().slice(0, 1));
  }
  EXPECT_THROW(optimizer.restore(state, 1), Error);
}

TEST(OptimizerTest, WhatHasNoGradientStaysAsItIs) {
  const StateDict parameters = two_parameters();
  Optimizer optimizer(parameters, decaying_options(), 0, 6);
  parameters.at("norm.weight").sum().backward();
  optimizer.step();
  EXPECT_TRUE(at::equal(parameters.at("dense.weight"), two_parameters().at("dense.weight")));
  EXPECT_FALSE(optimizer.state().contains("first_moment.dense.weight"));
}

}  // namespace
}  // namespace ncmlab
