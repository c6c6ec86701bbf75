// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu_kernels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/activation.hpp"
#include "kernels/fused_ops.hpp"
#include "networks/linear_layers.hpp"

namespace ncmlab {
namespace {

class InstructionSetTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { kernels::use_instruction_set(GetParam()); }
  void TearDown() override { kernels::use_instruction_set(kernels::instruction_sets().front()); }
};

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.detach().to(torch::kDouble) - b.detach().to(torch::kDouble)).abs().max().item<double>();
}

/// Attention as its definition says, in float64: queries and keys of one row at a time.
at::Tensor plain_attention(const at::Tensor& query, const at::Tensor& keys,
                           const at::Tensor& values, std::int64_t heads) {
  const auto split = [&](const at::Tensor& states) {
    return states.reshape({states.size(0), heads, -1}).transpose(0, 1);
  };
  const double scale = 1 / std::sqrt(static_cast<double>(query.size(1) / heads));
  const at::Tensor weights =
      torch::softmax(torch::matmul(split(query), split(keys).transpose(1, 2)) * scale, -1);
  return torch::matmul(weights, split(values)).transpose(0, 1).reshape(query.sizes());
}

struct Shape {
  std::int64_t heads, head_size;
  std::vector<std::int64_t> lengths;
};

const std::vector<Shape> kShapes = {{1, 1, {1}},           {2, 3, {5, 1, 16, 17}},
                                    {3, 12, {33, 15, 64}}, {2, 16, {48, 31}},
                                    {1, 20, {7, 70}},      {2, 64, {130, 3}}};

std::vector<std::int64_t> starts_of(const std::vector<std::int64_t>& lengths) {
  std::vector<std::int64_t> starts = {0};
  for (const auto length : lengths) {
    starts.push_back(starts.back() + length);
  }
  return starts;
}

TEST_P(InstructionSetTest, AttentionAndItsGradientAgreeWithTheDefinition) {
  torch::manual_seed(1);
  for (const Shape& shape : kShapes) {
    const auto starts = starts_of(shape.lengths);
    const std::int64_t hidden = shape.heads * shape.head_size;
    const at::Tensor joint = torch::randn({starts.back(), 3 * hidden}).requires_grad_();
    const at::Tensor upstream = torch::randn({starts.back(), hidden});
    const at::Tensor output = ops::attention(joint, starts, {.heads = shape.heads});
    (output * upstream).sum().backward();

    const at::Tensor exact = joint.detach().to(torch::kDouble).requires_grad_();
    std::vector<at::Tensor> rows;
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
      const auto part = exact.slice(0, starts[i], starts[i + 1]).chunk(3, 1);
      rows.push_back(plain_attention(part[0], part[1], part[2], shape.heads));
    }
    const at::Tensor expected = torch::cat(rows);
    (expected * upstream).sum().backward();
    EXPECT_LT(difference(output, expected), 5e-6) << hidden;
    EXPECT_LT(difference(joint.grad(), exact.grad()), 5e-5) << hidden;
    const at::NoGradGuard no_grad;
    EXPECT_LT(difference(ops::attention(joint, starts, {.heads = shape.heads}), expected), 5e-6);
  }
}

TEST_P(InstructionSetTest, SingleQueryAttentionIsThatOfTheRowsFirstToken) {
  torch::manual_seed(2);
  for (const Shape& shape : kShapes) {
    const auto starts = starts_of(shape.lengths);
    const auto rows = static_cast<std::int64_t>(shape.lengths.size());
    const std::int64_t hidden = shape.heads * shape.head_size;
    const at::Tensor joint = torch::randn({starts.back(), 3 * hidden}).requires_grad_();
    const at::Tensor first =
        torch::tensor(std::vector<std::int64_t>(starts.begin(), starts.end() - 1));
    const at::Tensor upstream = torch::randn({rows, hidden});
    const at::Tensor all =
        ops::attention(joint, starts, {.heads = shape.heads}).index_select(0, first);
    (all * upstream).sum().backward();
    const at::Tensor expected = joint.grad().clone();
    joint.mutable_grad().reset();
    const at::Tensor single = ops::cross_attention(
        joint.narrow(1, 0, hidden).index_select(0, first).contiguous(),
        joint.narrow(1, hidden, 2 * hidden).contiguous(), ops::single_queries(shape.lengths.size()),
        starts, {.heads = shape.heads});
    (single * upstream).sum().backward();
    EXPECT_LT(difference(single, all), 5e-6);
    EXPECT_LT(difference(joint.grad(), expected), 2e-5);
  }
}

/// Attention with a bias for each distance, causal, from the definition.
at::Tensor biased_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            const at::Tensor& bias, std::int64_t first_place) {
  const std::int64_t heads = bias.size(0), reach = (bias.size(1) + 1) / 2;
  const auto split = [&](const at::Tensor& whole) {
    return whole.reshape({whole.size(0), heads, -1}).transpose(0, 1);
  };
  const at::Tensor distance = torch::arange(key.size(0)).unsqueeze(0) -
                              (torch::arange(query.size(0)).unsqueeze(1) + first_place);
  const at::Tensor biases = bias.index_select(1, (distance + reach - 1).reshape({-1}))
                                .reshape({heads, query.size(0), -1});
  const at::Tensor scores = torch::matmul(split(query), split(key).transpose(1, 2)) + biases;
  const at::Tensor masked = scores.masked_fill(distance > 0, -1e30);
  return torch::matmul(masked.softmax(-1), split(value)).transpose(0, 1).reshape_as(query);
}

TEST_P(InstructionSetTest, BiasedCausalAttentionAndItsGradientsAgreeWithTheDefinition) {
  torch::manual_seed(9);
  for (const Shape& shape : kShapes) {
    const auto starts = starts_of(shape.lengths);
    const std::int64_t width = shape.heads * shape.head_size;
    const std::int64_t reach = *std::max_element(shape.lengths.begin(), shape.lengths.end()) + 2;
    const at::Tensor joint = torch::randn({starts.back(), 3 * width}).requires_grad_();
    const at::Tensor bias = torch::randn({shape.heads, 2 * reach - 1}).requires_grad_();
    const at::Tensor exact = joint.detach().to(torch::kDouble).requires_grad_();
    const at::Tensor exact_bias = bias.detach().to(torch::kDouble).requires_grad_();
    const ops::AttentionRule rule{.heads = shape.heads, .scale = 1.0, .causal = true, .bias = bias};
    std::vector<at::Tensor> rows, lasts, last_queries;
    std::vector<std::int64_t> places;
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
      const auto part = exact.slice(0, starts[i], starts[i + 1]).chunk(3, 1);
      const std::int64_t last = starts[i + 1] - starts[i] - 1;
      rows.push_back(biased_attention(part[0], part[1], part[2], exact_bias, 0));
      lasts.push_back(rows.back().narrow(0, last, 1));
      last_queries.push_back(joint.narrow(0, starts[i + 1] - 1, 1).narrow(1, 0, width));
      places.push_back(last);
    }
    const at::Tensor all = ops::attention(joint, starts, rule);
    const at::Tensor single = ops::cross_attention(
        torch::cat(last_queries), joint.narrow(1, width, 2 * width).contiguous(),
        ops::single_queries(places.size(), places), starts, rule);
    const at::Tensor expected = torch::cat(rows), expected_single = torch::cat(lasts);
    EXPECT_LT(difference(all, expected), 2e-5) << width;
    EXPECT_LT(difference(single, expected_single), 2e-5) << width;
    const at::Tensor upstream = torch::randn({starts.back(), width});
    const at::Tensor upstream_single = torch::randn_like(single);
    ((all * upstream).sum() + (single * upstream_single).sum()).backward();
    ((expected * upstream).sum() + (expected_single * upstream_single).sum()).backward();
    EXPECT_LT(difference(joint.grad(), exact.grad()), 2e-4) << width;
    EXPECT_LT(difference(bias.grad(), exact_bias.grad()), 2e-4) << width;
  }
}

TEST_P(InstructionSetTest, AddNormAndItsGradientAgreeWithTheDefinition) {
  torch::manual_seed(3);
  for (const std::int64_t width : {1, 5, 16, 20, 96, 130}) {
    std::vector<at::Tensor> inputs = {torch::randn({7, width}), torch::randn({7, width}) * 3,
                                      torch::rand({width}) + 0.5, torch::randn({width})};
    std::vector<at::Tensor> exact;
    for (at::Tensor& input : inputs) {
      exact.push_back(input.to(torch::kDouble).requires_grad_());
      input.requires_grad_();
    }
    const at::Tensor upstream = torch::randn({7, width});
    const at::Tensor output = ops::add_norm(inputs[0], inputs[1], inputs[2], inputs[3], 1e-3, 0);
    (output * upstream).sum().backward();
    const at::Tensor expected =
        torch::layer_norm(exact[0] + exact[1], {width}, exact[2], exact[3], 1e-3);
    (expected * upstream).sum().backward();
    EXPECT_LT(difference(output, expected), 1e-5) << width;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_LT(difference(inputs[i].grad(), exact[i].grad()), 5e-5) << width << ' ' << i;
    }
  }
}

TEST_P(InstructionSetTest, DropoutMasksAreThoseOfEveryOtherInstructionSet) {
  const auto starts = starts_of({33, 20});
  torch::manual_seed(4);
  const at::Tensor joint = torch::randn({53, 72});
  const at::Tensor branch = torch::randn({53, 20});
  const auto draw = [&](const std::string& set) {
    kernels::use_instruction_set(set);
    torch::manual_seed(5);
    const at::NoGradGuard no_grad;
    const at::Tensor attended = ops::attention(joint, starts, {.heads = 2, .dropout = 0.3});
    const at::Tensor normed = ops::add_norm(branch.clone(), torch::zeros({53, 20}),
                                            torch::ones({20}), torch::zeros({20}), 1e-5, 0.3);
    return std::make_pair(attended, normed);
  };
  const auto expected = draw("baseline");
  const auto found = draw(GetParam());
  EXPECT_LT(difference(found.first, expected.first), 5e-6);
  EXPECT_LT(difference(found.second, expected.second), 5e-6);
}

TEST_P(InstructionSetTest, DropoutKeepsItsShareIndependentlyInEveryRow) {
  // The norm maps kept and dropped ones to two values, so their signs show the mask.
  torch::manual_seed(6);
  const at::NoGradGuard no_grad;
  const std::int64_t rows = 400;
  const std::int64_t width = 250;
  const at::Tensor normed = ops::add_norm(torch::ones({rows, width}), torch::zeros({rows, width}),
                                          torch::ones({width}), torch::zeros({width}), 1e-9, 0.3);
  const at::Tensor kept = (normed > 0).to(torch::kDouble);
  EXPECT_NEAR(kept.mean().item<double>(), 0.7, 0.005);
  // Of 400 rows and of 250 columns none strays further than five standard deviations.
  EXPECT_LT((kept.mean(0) - 0.7).abs().max().item<double>(), 5 * std::sqrt(0.21 / 400));
  EXPECT_LT((kept.mean(1) - 0.7).abs().max().item<double>(), 5 * std::sqrt(0.21 / 250));
  const at::Tensor agreement =
      (kept.slice(0, 1) == kept.slice(0, 0, rows - 1)).to(torch::kDouble).mean();
  EXPECT_NEAR(agreement.item<double>(), 0.7 * 0.7 + 0.3 * 0.3, 0.01);
}

/// The rows' attention of float64, causal with a bias for each distance or neither.
at::Tensor attention_of_rows(const at::Tensor& joint, const std::vector<std::int64_t>& starts,
                             const ops::AttentionRule& rule) {
  std::vector<at::Tensor> rows;
  for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
    const auto part = joint.slice(0, starts[i], starts[i + 1]).to(torch::kDouble).chunk(3, 1);
    rows.push_back(
        rule.causal ? biased_attention(part[0], part[1], part[2], rule.bias.to(torch::kDouble), 0)
                    : plain_attention(part[0], part[1], part[2], rule.heads));
  }
  return torch::cat(rows);
}

TEST_P(InstructionSetTest, Bf16AttentionRoundsItsOperandsWhereTheProcessorMultipliesThem) {
  const bool rounds = has_bf16_products() && GetParam() == "avx512";
  torch::manual_seed(7);
  const at::NoGradGuard no_grad;
  for (const Shape& shape : kShapes) {
    const auto starts = starts_of(shape.lengths);
    const std::int64_t reach = *std::max_element(shape.lengths.begin(), shape.lengths.end());
    const at::Tensor joint = torch::randn({starts.back(), 3 * shape.heads * shape.head_size});
    const at::Tensor rounded = joint.to(torch::kBFloat16).to(torch::kFloat);
    const std::vector<ops::AttentionRule> rules = {
        {.heads = shape.heads},
        {.heads = shape.heads,
         .scale = 1.0,
         .causal = true,
         .bias = torch::randn({shape.heads, 2 * reach - 1})}};
    for (ops::AttentionRule rule : rules) {
      const at::Tensor exact = ops::attention(joint, starts, rule);
      rule.bf16 = true;
      const at::Tensor found = ops::attention(joint, starts, rule);
      if (!rounds) {
        EXPECT_EQ(difference(found, exact), 0);
        continue;
      }
      // What is left is the rounding of the weights, by half a unit in the last of eight bits.
      EXPECT_LT(difference(found, attention_of_rows(rounded, starts, rule)),
                joint.abs().max().item<double>() / 256)
          << shape.heads << ' ' << shape.head_size << ' ' << rule.causal;
      EXPECT_GT(difference(found, exact), 0);
    }
  }
}

TEST_P(InstructionSetTest, WhatFollowsAProductAgreesWithLibTorchsOperators) {
  torch::manual_seed(8);
  for (const std::int64_t width : {1, 5, 16, 20, 96, 1030}) {
    const at::Tensor product = (torch::randn({7, width}) * 4).to(torch::kBFloat16);
    for (const at::Tensor& bias : {at::Tensor(), torch::randn({width})}) {
      at::Tensor sum = product.to(torch::kFloat);
      sum = bias.defined() ? sum + bias : sum;
      EXPECT_EQ(difference(ops::add_bias(product, bias), sum), 0) << width;
      for (const auto& [function, name] : enum_names(Activation{})) {
        const at::Tensor expected = activate(function, sum.to(torch::kDouble));
        const at::Tensor found = ops::add_bias_and_activate(product.clone(), bias, function);
        EXPECT_EQ(found.scalar_type(), torch::kBFloat16);
        const at::Tensor excess =
            (found.to(torch::kDouble) - expected).abs() - expected.abs() / 255;
        EXPECT_LT(excess.max().item<double>(), 2e-6) << name << ' ' << width;
      }
    }
  }
}

TEST_P(InstructionSetTest, RoundingToBf16IsLibTorchsForNumbersOfAllKinds) {
  const float infinity = std::numeric_limits<float>::infinity();
  const at::Tensor bias =
      torch::tensor({1.00390625F,  // half way between two numbers, to the even one below
                     1.01171875F,  // to the even one above
                     1.003907F, 3.4e38F, infinity, -infinity, 1e-40F, 0.0F,
                     std::numeric_limits<float>::quiet_NaN()});
  const at::Tensor product = torch::zeros({1, bias.size(0)}, torch::kBFloat16);
  const at::Tensor found = ops::add_bias_and_activate(product.clone(), bias, Activation::relu);
  const at::Tensor expected = torch::relu(bias).to(torch::kBFloat16).unsqueeze(0);
  EXPECT_TRUE(torch::allclose(found.to(torch::kFloat), expected.to(torch::kFloat), 0, 0, true))
      << found << expected;
}

TEST_P(InstructionSetTest, ActivationsOfLargeNumbersDoNotOverflow) {
  const at::Tensor product = torch::tensor({-1e38F, -1e4F, -100.0F, 100.0F, 1e4F, 1e38F})
                                 .to(torch::kBFloat16)
                                 .unsqueeze(0);
  for (const auto& [function, name] : enum_names(Activation{})) {
    const at::Tensor found = ops::add_bias_and_activate(product.clone(), {}, function);
    const at::Tensor expected = torch::relu(product.to(torch::kFloat));
    EXPECT_TRUE(torch::allclose(found.to(torch::kFloat), expected, 0.01, 1e-6)) << name << found;
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, InstructionSetTest, ::testing::ValuesIn(kernels::instruction_sets()),
                         [](const auto& info) { return info.param; });

TEST(AttentionTest, LargeScoresDoNotOverflow) {
  const at::Tensor joint = torch::full({20, 12}, 300.0F);
  joint.narrow(1, 0, 4).mul_(torch::linspace(-1, 1, 20).unsqueeze(1));
  const at::NoGradGuard no_grad;
  const at::Tensor output = ops::attention(joint, {0, 20}, {.heads = 1});
  EXPECT_TRUE(torch::isfinite(output).all().item<bool>());
  EXPECT_LT(difference(output, joint.narrow(1, 8, 4)), 1e-3);
}

}  // namespace
}  // namespace ncmlab
