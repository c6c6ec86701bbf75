// SPDX-License-Identifier: Apache-2.0
#include "kernels/packed_weight.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "golden_case.hpp"
#include "networks/linear_layers.hpp"

namespace ncmlab {
namespace {

using testing::difference;

struct Size {
  std::int64_t inputs, outputs;
};

class PackedWeightOfSize : public ::testing::TestWithParam<Size> {};

INSTANTIATE_TEST_SUITE_P(, PackedWeightOfSize,
                         ::testing::Values(Size{1, 1}, Size{33, 1}, Size{20, 30}, Size{96, 288},
                                           Size{129, 65}, Size{768, 96}),
                         [](const auto& info) {
                           return std::to_string(info.param.inputs) + "x" +
                                  std::to_string(info.param.outputs);
                         });

TEST_P(PackedWeightOfSize, MultipliesAsTheWeightDoes) {
  torch::manual_seed(1);
  const auto [inputs, outputs] = GetParam();
  const at::Tensor weight = torch::randn({outputs, inputs});
  const at::Tensor bias = torch::randn({outputs});
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    if (type == at::kBFloat16 && !has_bf16_products()) {
      continue;
    }
    const auto packed = pack_weight(weight.to(type));
    if (packed == nullptr) {
      GTEST_SKIP() << "this build has no oneDNN of its own";
    }
    const at::Tensor exact = weight.to(type).to(at::kDouble).t();
    // Around the steps in which the tokens are taken.
    for (const std::int64_t tokens : {0, 1, 3, 63, 64, 65, 130}) {
      const at::Tensor input = torch::randn({tokens, inputs}).to(type);
      const at::Tensor expected = at::mm(input.to(at::kDouble), exact);
      const at::Tensor found = packed->multiply_and_add(input, {});
      ASSERT_EQ(found.sizes(), expected.sizes());
      EXPECT_EQ(found.scalar_type(), type);
      if (tokens == 0) {
        continue;
      }
      const double largest = expected.abs().max().item<double>() + 1;
      EXPECT_LT(difference(found, expected), largest * (type == at::kFloat ? 2e-6 : 1.0 / 256))
          << tokens;
      if (type == at::kFloat) {
        EXPECT_LT(difference(packed->multiply_and_add(input, bias), expected + bias),
                  largest * 2e-6)
            << tokens;
      }
    }
  }
}

TEST(PackedWeightTest, TakesInputsThatAreParts) {
  torch::manual_seed(2);
  const at::Tensor weight = torch::randn({12, 40}).narrow(1, 3, 20);
  const at::Tensor input = torch::randn({70, 40}).narrow(1, 5, 20);
  const auto packed = pack_weight(weight);
  if (packed == nullptr) {
    GTEST_SKIP() << "this build has no oneDNN of its own";
  }
  EXPECT_LT(difference(packed->multiply_and_add(input, {}), at::mm(input, weight.t())), 1e-4);
}

}  // namespace
}  // namespace ncmlab
