// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fstream>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab_plugin_detail {
const ncmlab::Manifest& manifest();
}

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

const std::string kSource = "int add(int first, int second) { return first + second; }";

ModelContext context() {
  return {.rules = {.max_tokens = 32}, .head = {.hidden = 0}, .texts = {kSource}, .rng = Rng(7)};
}

std::shared_ptr<Model> codebert(Settings settings) {
  return std::dynamic_pointer_cast<Model>(
      ncmlab_plugin_detail::manifest().entries.front().create(settings));
}

Settings tiny() {
  return {{"preset", std::string("tiny")}, {"vocab_size", std::int64_t{300}}};
}

class CodeBertTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("ncmlab_codebert_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TokenSample sample_of(const Victim& victim) { return {.parts = {victim.tokenize(kSource)}}; }

TEST_F(CodeBertTest, SameSeedGivesSameWeightsAndOtherSeedDoesNot) {
  const auto model = codebert(tiny());
  const Victim first = model->build(context());
  const Victim second = model->build(context());
  ModelContext other = context();
  other.rng = Rng(8);
  const Victim third = model->build(other);
  const char* name = "encoder.encoder.layer.0.attention.self.query.weight";
  EXPECT_TRUE(torch::equal(first.parameters().at(name), second.parameters().at(name)));
  EXPECT_FALSE(torch::equal(first.parameters().at(name), third.parameters().at(name)));
}

TEST_F(CodeBertTest, OpensWhatItSavedWithTheSameAnswers) {
  const auto model = codebert(tiny());
  Victim saved = model->build(context());
  saved.save(folder_ / "victim");
  Victim opened = model->open(folder_ / "victim", context());
  const TokenSample sample = sample_of(saved);
  EXPECT_EQ(sample.parts[0].ids, sample_of(opened).parts[0].ids);
  EXPECT_TRUE(torch::equal(saved.predict({sample}), opened.predict({sample})));
}

TEST_F(CodeBertTest, LabelColumnsSwapTheLabels) {
  const auto straight = codebert(tiny());
  Settings swapped_settings = tiny();
  swapped_settings["label_columns"] = std::vector<std::int64_t>{1, 0};
  const auto swapped = codebert(swapped_settings);
  Victim first = straight->build(context());
  Victim second = swapped->build(context());
  const torch::Tensor a = first.predict({sample_of(first)});
  const torch::Tensor b = second.predict({sample_of(second)});
  EXPECT_TRUE(torch::allclose(a.flip(1), b));
  EXPECT_FALSE(torch::allclose(a, b));
}

TEST_F(CodeBertTest, RowsNeverExceedWhatThePositionsOfACheckpointAllow) {
  codebert(tiny())->build(context()).save(folder_ / "victim");
  Settings settings;
  settings["checkpoint"] = (folder_ / "victim").string();
  ModelContext longer = context();
  longer.rules.max_tokens = 4000;
  const Victim victim = codebert(settings)->build(longer);
  EXPECT_EQ(victim.rules().max_tokens, 32);
}

TEST_F(CodeBertTest, FingerprintFollowsTheFilesOfTheCheckpoint) {
  codebert(tiny())->build(context()).save(folder_ / "victim");
  Settings settings;
  settings["checkpoint"] = (folder_ / "victim").string();
  const auto model = codebert(settings);
  const std::string before = model->data_fingerprint();
  EXPECT_FALSE(before.empty());
  std::ofstream(folder_ / "victim" / "config.json", std::ios::app) << "\n";
  EXPECT_NE(model->data_fingerprint(), before);
}

TEST_F(CodeBertTest, MissingCheckpointNamesTheFolder) {
  Settings settings;
  settings["checkpoint"] = (folder_ / "absent").string();
  try {
    (void)codebert(settings)->data_fingerprint();
    FAIL() << "a missing folder was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "checkpoint.missing-folder");
    EXPECT_NE(error.diagnostics().front().message.find("absent"), std::string::npos);
  }
}

TEST_F(CodeBertTest, TokenizerLargerThanTheEmbeddingIsRefused) {
  codebert(tiny())->build(context()).save(folder_ / "victim");
  const std::string text = "a longer text whose words make more merges possible possible possible";
  Tokenizer::train({text, text}, {.vocab_size = 320}).save(folder_ / "other");
  Settings settings;
  settings["checkpoint"] = (folder_ / "victim").string();
  settings["tokenizer"] = (folder_ / "other").string();
  const auto model = codebert(settings);
  try {
    (void)model->build(context());
    FAIL() << "a tokenizer with too many tokens was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "checkpoint.vocabulary-mismatch");
  }
}

}  // namespace
}  // namespace ncmlab
