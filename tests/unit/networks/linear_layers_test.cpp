// SPDX-License-Identifier: Apache-2.0
#include "networks/linear_layers.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "golden_case.hpp"
#include "small_model.hpp"

namespace ncmlab {
namespace {

using testing::difference;
using ::testing::TestWithParam;
using ::testing::Values;

at::Tensor rounded(const at::Tensor& values) {
  return values.detach().to(torch::kBFloat16).to(torch::kDouble);
}

/// Largest difference as a share of the largest magnitude.
double deviation(const at::Tensor& found, const at::Tensor& expected) {
  return difference(found, expected) / expected.abs().max().item<double>();
}

struct Layer {
  explicit Layer(std::int64_t scale = 1)
      : input(torch::randn({9 * scale, 24 * scale}).requires_grad_()),
        weight(torch::randn({16 * scale, 24 * scale}).requires_grad_()),
        bias(torch::randn({16 * scale}).requires_grad_()),
        upstream(torch::randn({9 * scale, 16 * scale})) {}

  at::Tensor input, weight, bias, upstream;
};

/// How many times larger than the smallest the layer is: LibTorch multiplies small and large
/// matrices of bfloat16 in different ways.
class LinearLayersOfSize : public TestWithParam<std::int64_t> {};

INSTANTIATE_TEST_SUITE_P(, LinearLayersOfSize, Values(1, 2, 5, 20));

TEST_P(LinearLayersOfSize, Bf16RoundsOperandsAndKeepsFloatGradients) {
  torch::manual_seed(1);
  const Layer layer(GetParam());
  LinearLayers layers;
  const at::Tensor output = layers.linear(Precision::bf16, layer.input, layer.weight, layer.bias);
  (output * layer.upstream).sum().backward();
  const at::Tensor x = rounded(layer.input), w = rounded(layer.weight), g = rounded(layer.upstream);
  constexpr double kRounding = 1.0 / 256;  // half a unit in the last of bfloat16's eight bits
  EXPECT_LT(deviation(output, torch::mm(x, w.t()) + layer.bias.detach()), kRounding);
  EXPECT_LT(deviation(layer.input.grad(), torch::mm(g, w)), kRounding);
  EXPECT_LT(deviation(layer.weight.grad(), torch::mm(g.t(), x)), kRounding);
  EXPECT_LT(deviation(layer.bias.grad(), layer.upstream.sum(0)), 1e-6);
  EXPECT_EQ(output.scalar_type(), torch::kFloat);
  EXPECT_EQ(layer.weight.grad().scalar_type(), torch::kFloat);
  const at::NoGradGuard no_grad;
  EXPECT_EQ(
      difference(layers.linear(Precision::bf16, layer.input, layer.weight, layer.bias), output), 0);
}

TEST(LinearLayersTest, WhatIsMadeOfWeightsFollowsThem) {
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    torch::manual_seed(2);
    const Layer layer;
    LinearLayers layers;
    const at::NoGradGuard no_grad;
    const auto run = [&] {
      return layers.linear(precision, layer.input, layer.weight, layer.bias);
    };
    const at::Tensor before = run();
    const at::Tensor view = layer.weight.detach();
    view.mul_(2);
    EXPECT_LT(deviation(run(), 2 * (before - layer.bias) + layer.bias), 1e-6);
  }
}

TEST(LinearLayersTest, JointLayersFollowAChangeOfOnePart) {
  torch::manual_seed(6);
  JointLayers joint{.weight = torch::randn({12, 8}), .bias = {}, .parts = {}};
  for (const at::Tensor& part : joint.weight.chunk(3)) {
    joint.parts.push_back(part.detach());
  }
  const at::Tensor input = torch::randn({5, 8});
  const at::NoGradGuard no_grad;
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    LinearLayers layers;
    const at::Tensor before = layers.joint(precision, input, joint, 1).clone();
    joint.parts[1].mul_(2);
    const at::Tensor after = layers.joint(precision, input, joint, 1);
    EXPECT_LT(deviation(after.narrow(1, 0, 4), 2 * before.narrow(1, 0, 4)), 1e-6);
    EXPECT_EQ(difference(after.narrow(1, 4, 4), before.narrow(1, 4, 4)), 0);
  }
}

TEST_P(LinearLayersOfSize, ActivatedLayersAreActivatedOutputs) {
  torch::manual_seed(7);
  const Layer layer(GetParam());
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    LinearLayers layers;
    const at::Tensor with_gradient =
        layers.activated(precision, layer.input, layer.weight, layer.bias, Activation::gelu);
    EXPECT_TRUE(with_gradient.requires_grad());
    const at::NoGradGuard no_grad;
    const at::Tensor expected =
        torch::gelu(layers.linear(precision, layer.input, layer.weight, layer.bias));
    const at::Tensor found =
        layers.activated(precision, layer.input, layer.weight, layer.bias, Activation::gelu);
    const double allowed = precision == Precision::fp32 ? 1e-6 : 1.0 / 256;
    EXPECT_LT(deviation(found, expected), allowed);
    EXPECT_LT(deviation(with_gradient, expected), 1e-5);
  }
}

TEST(LinearLayersTest, JointLayersGiveTheirPartsTheGradientsOfSeparateLayers) {
  torch::manual_seed(3);
  JointLayers joint{.weight = torch::randn({12, 8}), .bias = torch::randn({12}), .parts = {}};
  for (const at::Tensor& whole : {joint.weight, joint.bias}) {
    for (const at::Tensor& part : whole.chunk(3)) {
      joint.parts.push_back(part.detach().requires_grad_());
    }
  }
  const at::Tensor input = torch::randn({5, 8});
  for (const std::int64_t first : {0, 1}) {
    for (const Precision precision : {Precision::fp32, Precision::bf16}) {
      LinearLayers layers;
      const at::Tensor upstream = torch::randn({5, 4 * (3 - first)});
      const at::Tensor output = layers.joint(precision, input, joint, first);
      (output * upstream).sum().backward();
      for (std::int64_t i = first; i < 3; ++i) {
        const at::Tensor weight = joint.parts[static_cast<std::size_t>(i)];
        const at::Tensor bias = joint.parts[static_cast<std::size_t>(i) + 3];
        const at::Tensor alone = weight.detach().requires_grad_();
        const at::Tensor expected = layers.linear(precision, input, alone, bias.detach());
        const at::Tensor gradient = upstream.narrow(1, 4 * (i - first), 4);
        (expected * gradient).sum().backward();
        EXPECT_LT(difference(output.narrow(1, 4 * (i - first), 4), expected), 1e-5);
        EXPECT_LT(difference(weight.grad(), alone.grad()), 1e-5);
        EXPECT_LT(difference(bias.grad(), gradient.sum(0)), 1e-5);
      }
      for (const at::Tensor& part : joint.parts) {
        part.mutable_grad().reset();
      }
    }
  }
}

TEST(EncoderPrecisionTest, Bf16StaysNearFloat32AndIsKeptByClones) {
  CodeModel victim = testing::small_model(4);
  const auto samples = testing::random_samples(victim, 12, 1, Rng(5));
  const at::Tensor exact = victim.predict_logits(samples);
  victim.encoder().set_precision(Precision::bf16);
  const at::Tensor coarse = victim.predict_logits(samples);
  const double found = difference(coarse, exact) / (exact.max() - exact.min()).item<double>();
  EXPECT_GT(found, 1e-6);
  EXPECT_LT(found, 0.05);
  EXPECT_EQ(difference(victim.clone().predict_logits(samples), coarse), 0);
  victim.encoder().set_precision(Precision::fp32);
  EXPECT_EQ(difference(victim.predict_logits(samples), exact), 0);
}

}  // namespace
}  // namespace ncmlab
