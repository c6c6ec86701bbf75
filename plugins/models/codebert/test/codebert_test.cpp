// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fstream>

#include "model_plugin_test.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

using testing::kSource;

class CodeBertTest : public testing::ModelPluginTest {};

TokenSample sample_of(const Victim& victim) { return {.parts = {victim.tokenize(kSource)}}; }

TEST_F(CodeBertTest, SameSeedGivesSameWeightsAndOtherSeedDoesNot) {
  const auto plugin = model(tiny());
  const Victim first = plugin->build(context());
  const Victim second = plugin->build(context());
  ModelContext other = context();
  other.rng = Rng(8);
  const Victim third = plugin->build(other);
  const char* name = "encoder.encoder.layer.0.attention.self.query.weight";
  EXPECT_TRUE(torch::equal(first.parameters().at(name), second.parameters().at(name)));
  EXPECT_FALSE(torch::equal(first.parameters().at(name), third.parameters().at(name)));
}

TEST_F(CodeBertTest, OpensWhatItSavedWithTheSameAnswers) {
  const auto plugin = model(tiny());
  Victim saved = plugin->build(context());
  saved.save(folder_ / "victim");
  Victim opened = plugin->open(folder_ / "victim", context());
  const TokenSample sample = sample_of(saved);
  EXPECT_EQ(sample.parts[0].ids, sample_of(opened).parts[0].ids);
  EXPECT_TRUE(torch::equal(saved.predict({sample}), opened.predict({sample})));
}

TEST_F(CodeBertTest, LabelColumnsSwapTheLabels) {
  const auto straight = model(tiny());
  Settings swapped_settings = tiny();
  swapped_settings["label_columns"] = std::vector<std::int64_t>{1, 0};
  const auto swapped = model(swapped_settings);
  Victim first = straight->build(context());
  Victim second = swapped->build(context());
  const torch::Tensor a = first.predict({sample_of(first)});
  const torch::Tensor b = second.predict({sample_of(second)});
  EXPECT_TRUE(torch::allclose(a.flip(1), b));
  EXPECT_FALSE(torch::allclose(a, b));
}

TEST_F(CodeBertTest, RowsNeverExceedWhatThePositionsOfACheckpointAllow) {
  model(tiny())->build(context()).save(folder_ / "victim");
  Settings settings;
  settings["checkpoint"] = (folder_ / "victim").string();
  ModelContext longer = context();
  longer.rules.max_tokens = 4000;
  const Victim victim = model(settings)->build(longer);
  EXPECT_EQ(victim.rules().max_tokens, 32);
}

TEST_F(CodeBertTest, FingerprintFollowsTheFilesOfTheCheckpoint) {
  model(tiny())->build(context()).save(folder_ / "victim");
  Settings settings;
  settings["checkpoint"] = (folder_ / "victim").string();
  const auto plugin = model(settings);
  const std::string before = plugin->data_fingerprint();
  EXPECT_FALSE(before.empty());
  std::ofstream(folder_ / "victim" / "config.json", std::ios::app) << "\n";
  EXPECT_NE(plugin->data_fingerprint(), before);
}

TEST_F(CodeBertTest, MissingCheckpointNamesTheFolder) {
  Settings settings;
  settings["checkpoint"] = (folder_ / "absent").string();
  try {
    (void)model(settings)->data_fingerprint();
    FAIL() << "a missing folder was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "checkpoint.missing-folder");
    EXPECT_NE(error.diagnostics().front().message.find("absent"), std::string::npos);
  }
}

TEST_F(CodeBertTest, TokenizerLargerThanTheEmbeddingIsRefused) {
  model(tiny())->build(context()).save(folder_ / "victim");
  const std::string text = "a longer text whose words make more merges possible possible possible";
  Tokenizer::train({text, text}, {.vocab_size = 320}).save(folder_ / "other");
  Settings settings;
  settings["checkpoint"] = (folder_ / "victim").string();
  settings["tokenizer"] = (folder_ / "other").string();
  EXPECT_EQ(code_of([&] { (void)model(settings)->build(context()); }),
            "checkpoint.vocabulary-mismatch");
}

}  // namespace
}  // namespace ncmlab
