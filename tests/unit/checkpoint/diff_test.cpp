// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "checkpoint/inspect.hpp"
#include "checkpoint_folder.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

using ::testing::HasSubstr;

Checkpoint checkpoint_of(StateDict weights,
                         const Architecture* architecture = architectures().data()) {
  return {.source = "memory",
          .config_file = {},
          .config = {},
          .architecture = architecture,
          .weights = std::move(weights)};
}

TEST(DiffTest, PrefixesDoNotMatterAndBitsDo) {
  const Checkpoint a = checkpoint_of(testing::tiny_weights("encoder."));
  const Checkpoint b = checkpoint_of(testing::tiny_weights("module.roberta.").clone());
  EXPECT_EQ(to_text(diff(a, b)), "bit-identical: 41 tensors\n");
  b.weights.at("module.roberta.encoder.layer.1.output.dense.weight")[0][3] += 0.25;
  const CheckpointDiff changed = diff(a, b);
  ASSERT_EQ(changed.differences.size(), 1u);
  EXPECT_NEAR(*changed.differences[0].deviation, 0.25, 1e-6);
  EXPECT_EQ(to_text(changed),
            "encoder.encoder.layer.1.output.dense.weight: float32 [8, 12], largest difference "
            "2.5e-01\n1 of 41 tensors differ\n");
  const auto json = nlohmann::json::parse(to_json(changed));
  EXPECT_FALSE(json["bit_identical"]);
  EXPECT_EQ(json["differences"][0]["name"], "encoder.encoder.layer.1.output.dense.weight");
}

TEST(DiffTest, ZerosOfBothSignsAndElementTypesDifferAndEqualNansDoNot) {
  StateDict first, second;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  first.add("zero", torch::tensor({0.F}));
  second.add("zero", torch::tensor({-0.F}));
  first.add("nan", torch::tensor({nan}));
  second.add("nan", torch::tensor({nan}));
  first.add("half", torch::tensor({1.5F}));
  second.add("half", torch::tensor({1.5F}).to(at::kHalf));
  first.add("shape", torch::ones({2, 3}));
  second.add("shape", torch::ones({3, 2}));
  first.add("one-sided", torch::tensor({nan}));
  second.add("one-sided", torch::tensor({1.F}));
  const CheckpointDiff result = diff(checkpoint_of(first, nullptr), checkpoint_of(second, nullptr));
  EXPECT_THAT(to_text(result), HasSubstr("zero: float32 [1], largest difference 0\n"));
  EXPECT_THAT(to_text(result),
              HasSubstr("half: float32 [1] and float16 [1], largest difference 0\n"));
  EXPECT_THAT(to_text(result), HasSubstr("shape: float32 [2, 3] and float32 [3, 2]\n"));
  EXPECT_THAT(to_text(result), HasSubstr("one-sided: float32 [1], largest difference nan\n"));
  EXPECT_THAT(to_text(result), HasSubstr("4 of 5 tensors differ\n"));
  EXPECT_TRUE(
      nlohmann::json::parse(to_json(result))["differences"][1]["max_abs_deviation"].is_null());
}

TEST(DiffTest, WhatFollowsFromTheConfigIsNoDifference) {
  StateDict weights = testing::tiny_weights("encoder.");
  weights.add("encoder.embeddings.position_ids", torch::arange(12));
  const CheckpointDiff result =
      diff(checkpoint_of(weights), checkpoint_of(testing::tiny_weights("")));
  EXPECT_TRUE(result.bit_identical());
  EXPECT_THAT(to_text(result), HasSubstr("left out: encoder.embeddings.position_ids"));
}

TEST(InspectTest, NamesTheRoleOfEveryTensorAndChecksTheConfig) {
  StateDict weights = testing::tiny_weights("encoder.");
  weights.add("lm_head.bias", torch::ones({20}));
  Checkpoint checkpoint = checkpoint_of(weights);
  const std::string text = inspect_text(checkpoint);
  EXPECT_THAT(text, HasSubstr("roberta (RobertaModel), by the names of its tensors"));
  EXPECT_THAT(text, HasSubstr("encoder  37 tensors"));
  EXPECT_THAT(text, HasSubstr("head     4 tensors, 81 numbers"));
  const auto json = nlohmann::json::parse(inspect_json(checkpoint));
  EXPECT_EQ(json["tensors"].size(), 42u);
  EXPECT_EQ(
      json["tensors"].back(),
      nlohmann::json(
          {{"name", "lm_head.bias"}, {"role", "other"}, {"shape", {20}}, {"type", "float32"}}));
  EXPECT_NO_THROW(check_against_config(checkpoint));
  checkpoint.config = testing::tiny_roberta().to_json();
  EXPECT_NO_THROW(check_against_config(checkpoint));
  RobertaConfig other = testing::tiny_roberta();
  other.intermediate_size = 16;
  checkpoint.config = other.to_json();
  EXPECT_THROW(check_against_config(checkpoint), Error);
}

}  // namespace
}  // namespace ncmlab
