// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu_kernels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "nn/fused_ops.hpp"

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
    const at::Tensor output = ops::attention(joint, starts, shape.heads, 0);
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
    EXPECT_LT(difference(ops::attention(joint, starts, shape.heads, 0), expected), 5e-6);
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
    const at::Tensor all = ops::attention(joint, starts, shape.heads, 0).index_select(0, first);
    (all * upstream).sum().backward();
    const at::Tensor expected = joint.grad().clone();
    joint.mutable_grad().reset();
    const at::Tensor single = ops::single_query_attention(
        joint.narrow(1, 0, hidden).index_select(0, first).contiguous(),
        joint.narrow(1, hidden, 2 * hidden).contiguous(), starts, shape.heads, 0);
    (single * upstream).sum().backward();
    EXPECT_LT(difference(single, all), 5e-6);
    EXPECT_LT(difference(joint.grad(), expected), 2e-5);
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
    const at::Tensor attended = ops::attention(joint, starts, 2, 0.3);
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

INSTANTIATE_TEST_SUITE_P(Sets, InstructionSetTest, ::testing::ValuesIn(kernels::instruction_sets()),
                         [](const auto& info) { return info.param; });

TEST(AttentionTest, LargeScoresDoNotOverflow) {
  const at::Tensor joint = torch::full({20, 12}, 300.0F);
  joint.narrow(1, 0, 4).mul_(torch::linspace(-1, 1, 20).unsqueeze(1));
  const at::NoGradGuard no_grad;
  const at::Tensor output = ops::attention(joint, {0, 20}, 1, 0);
  EXPECT_TRUE(torch::isfinite(output).all().item<bool>());
  EXPECT_LT(difference(output, joint.narrow(1, 8, 4)), 1e-3);
}

}  // namespace
}  // namespace ncmlab
