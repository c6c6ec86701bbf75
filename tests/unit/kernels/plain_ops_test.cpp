// SPDX-License-Identifier: Apache-2.0
#include "kernels/plain_ops.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "golden_case.hpp"
#include "kernels/fused_ops.hpp"

namespace ncmlab::ops {
namespace {

using testing::difference;
using Tensors = std::vector<at::Tensor>;
using Operator = std::function<at::Tensor(const Tensors&)>;

constexpr std::int64_t kHeads = 3, kHidden = 24;
const std::vector<std::int64_t> kStarts = {0, 5, 6, 19};

/// The result of `work` on copies of `inputs`, then the gradient of each.
Tensors with_gradients(const Operator& work, const Tensors& inputs) {
  Tensors leaves;
  for (const at::Tensor& input : inputs) {
    leaves.push_back(input.clone().requires_grad_());
  }
  const at::Tensor result = work(leaves);
  (result * torch::linspace(-1, 1, result.numel()).reshape(result.sizes())).sum().backward();
  Tensors all = {result};
  for (const at::Tensor& leaf : leaves) {
    all.push_back(leaf.grad());
  }
  return all;
}

void expect_same(const Operator& fused, const Operator& plain, const Tensors& inputs) {
  const Tensors a = with_gradients(fused, inputs);
  const Tensors b = with_gradients(plain, inputs);
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_LT(difference(a[i], b[i]), 2e-5) << (i == 0 ? "result" : "gradient ") << i;
  }
  const at::NoGradGuard no_grad;
  Tensors copies;
  for (const at::Tensor& input : inputs) {
    copies.push_back(input.clone());
  }
  EXPECT_LT(difference(fused(copies), b[0]), 2e-5) << "without gradients";
}

TEST(PlainOpsTest, AttentionIsTheFusedOne) {
  torch::manual_seed(1);
  expect_same([](const Tensors& in) { return attention(in[0], kStarts, {.heads = kHeads}); },
              [](const Tensors& in) { return plain::attention(in[0], kStarts, {.heads = kHeads}); },
              {torch::randn({kStarts.back(), 3 * kHidden})});
}

TEST(PlainOpsTest, BiasedCausalAttentionIsTheFusedOne) {
  torch::manual_seed(5);
  const auto rule = [](const Tensors& in) {
    return AttentionRule{.heads = kHeads, .scale = 0.7, .causal = true, .bias = in[1]};
  };
  expect_same([&](const Tensors& in) { return attention(in[0], kStarts, rule(in)); },
              [&](const Tensors& in) { return plain::attention(in[0], kStarts, rule(in)); },
              {torch::randn({kStarts.back(), 3 * kHidden}), torch::randn({kHeads, 2 * 15 - 1})});
}

TEST(PlainOpsTest, CrossAttentionIsTheFusedOne) {
  torch::manual_seed(2);
  const QueryRows single = single_queries(3, {4, 0, 7});
  const QueryRows several{.starts = {0, 2, 9, 10}};
  for (const QueryRows& queries : {single, several}) {
    const auto rule = [&](const Tensors& in) {
      return AttentionRule{.heads = kHeads,
                           .causal = !queries.places.empty(),
                           .bias = queries.places.empty() ? at::Tensor() : in[2]};
    };
    Tensors inputs = {torch::randn({queries.starts.back(), kHidden}),
                      torch::randn({kStarts.back(), 2 * kHidden})};
    if (!queries.places.empty()) {
      inputs.push_back(torch::randn({kHeads, 2 * 20 - 1}));
    }
    expect_same(
        [&](const Tensors& in) {
          return cross_attention(in[0], in[1], queries, kStarts, rule(in));
        },
        [&](const Tensors& in) {
          return plain::cross_attention(in[0], in[1], queries, kStarts, rule(in));
        },
        inputs);
  }
}

TEST(PlainOpsTest, AddNormIsTheFusedOne) {
  torch::manual_seed(3);
  expect_same(
      [](const Tensors& in) { return add_norm(in[0], in[1], in[2], in[3], 1e-5, 0); },
      [](const Tensors& in) { return plain::add_norm(in[0], in[1], in[2], in[3], 1e-5, 0); },
      {torch::randn({7, kHidden}), torch::randn({7, kHidden}), torch::randn({kHidden}),
       torch::randn({kHidden})});
}

TEST(PlainOpsTest, DropoutKeepsTheMeanAndDropsItsShare) {
  torch::manual_seed(4);
  const std::int64_t rows = 2000;
  const at::Tensor ones = torch::ones({rows, kHidden});
  // Values of ones: the output is the sum of the weights that were kept, scaled.
  const at::Tensor joint = torch::cat({torch::zeros({rows, 2 * kHidden}), ones}, 1);
  std::vector<std::int64_t> starts;
  for (std::int64_t i = 0; i <= rows; i += 4) {
    starts.push_back(i);
  }
  const at::Tensor attended = plain::attention(joint, starts, {.heads = kHeads, .dropout = 0.25});
  EXPECT_NEAR(attended.mean().item<double>(), 1, 0.02);
  EXPECT_GT(attended.std().item<double>(), 0.1);
  // The norm of a row whose branch is dropped is that of its residual.
  const at::Tensor residual = torch::randn({rows, kHidden});
  const at::Tensor normed = plain::add_norm(ones * 100, residual, torch::ones({kHidden}),
                                            torch::zeros({kHidden}), 1e-5, 0.25);
  EXPECT_NEAR((normed < -1).to(torch::kFloat).mean().item<double>(), 0.25, 0.05);
}

}  // namespace
}  // namespace ncmlab::ops
