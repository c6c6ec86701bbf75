// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

#include <string>

#include "ncmlab/networks/encoder.hpp"

namespace ncmlab::testing {

/// A finite difference along a gradient: how far to step, which slopes are too small to compare,
/// and how far from the gradient's length the slope may be.
struct SlopeRule {
  double step = 2e-3;
  double negligible = 1e-3;
  double relative = 0.02;
  double absolute = 2e-3;
};

/// The slope of `loss` along the gradient of `variable` is that gradient's length.
template <typename Loss>
void expect_slope(const at::Tensor& variable, const Loss& loss, const SlopeRule& rule,
                  const std::string& name) {
  const at::Tensor gradient = variable.grad().clone();
  const double length = gradient.norm().item<double>();
  if (length < rule.negligible) {
    return;
  }
  const at::NoGradGuard no_grad;
  variable.add_(gradient, rule.step / length);
  const double up = loss();
  variable.sub_(gradient, 2 * rule.step / length);
  const double down = loss();
  variable.add_(gradient, rule.step / length);
  EXPECT_NEAR((up - down) / (2 * rule.step), length, rule.relative * length + rule.absolute)
      << name;
}

/// Every parameter of `encoder` gets a gradient that finite differences confirm.
inline void expect_parameter_gradients(Encoder& encoder, const Batch& batch,
                                       const SlopeRule& rule) {
  const at::Tensor target = torch::linspace(-1, 1, encoder.shape().hidden);
  const auto loss = [&] { return (encoder.encode(batch, false) * target).sum(); };
  loss().backward();
  for (const auto& [name, parameter] : encoder.parameters()) {
    ASSERT_TRUE(parameter.grad().defined()) << name;
    expect_slope(
        parameter, [&] { return loss().item<double>(); }, rule, name);
  }
}

/// Dropout masks follow LibTorch's global seed, and the gradient belongs to the mask.
inline void expect_seeded_dropout(Encoder& encoder, Batch batch, const SlopeRule& rule) {
  batch.embeddings =
      torch::embedding(encoder.embedding_table(), batch.ids).detach().requires_grad_();
  const at::Tensor target = torch::linspace(-1, 1, encoder.shape().hidden);
  const auto loss = [&](std::uint64_t seed) {
    torch::manual_seed(seed);
    return (encoder.encode(batch, true) * target).sum();
  };
  const double first = loss(1).item<double>();
  EXPECT_EQ(loss(1).item<double>(), first);
  EXPECT_NE(loss(2).item<double>(), first);
  loss(1).backward();
  expect_slope(
      batch.embeddings, [&] { return loss(1).item<double>(); }, rule, "input embeddings");
}

}  // namespace ncmlab::testing
