// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/types.h>

#include <fstream>

#include "model_plugin_test.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

using testing::kSource;

class CodeBertTest : public testing::ModelPluginTest {};

TokenSample sample_of(const CodeModel& victim) { return {.parts = {victim.tokenize(kSource)}}; }

TEST_F(CodeBertTest, SameSeedGivesSameWeightsAndOtherSeedDoesNot) {
  const auto plugin = model(tiny());
  const CodeModel first = plugin->build(context());
  const CodeModel second = plugin->build(context());
  ModelContext other = context();
  other.rng = Rng(8);
  const CodeModel third = plugin->build(other);
  const char* name = "encoder.encoder.layer.0.attention.self.query.weight";
  EXPECT_TRUE(torch::equal(first.parameters().at(name), second.parameters().at(name)));
  EXPECT_FALSE(torch::equal(first.parameters().at(name), third.parameters().at(name)));
}

TEST_F(CodeBertTest, OpensWhatItSavedWithTheSameAnswers) {
  const auto plugin = model(tiny());
  CodeModel saved = plugin->build(context());
  saved.save(folder_ / "victim");
  CodeModel opened = plugin->open(folder_ / "victim", context());
  const TokenSample sample = sample_of(saved);
  EXPECT_EQ(sample.parts[0].ids, sample_of(opened).parts[0].ids);
  EXPECT_TRUE(torch::equal(saved.predict({sample}), opened.predict({sample})));
}

TEST_F(CodeBertTest, LabelColumnsSwapTheLabels) {
  const auto straight = model(tiny());
  Settings swapped_settings = tiny();
  swapped_settings["label_columns"] = std::vector<std::int64_t>{1, 0};
  const auto swapped = model(swapped_settings);
  CodeModel first = straight->build(context());
  CodeModel second = swapped->build(context());
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
  const CodeModel victim = model(settings)->build(longer);
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

TEST_F(CodeBertTest, ATokenizerWithoutAnEndOfTextIsRefused) {
  folder_.write("open/tokenizer.json", R"({
    "added_tokens": [{"id": 2, "content": "<s>", "special": true}],
    "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}})");
  Settings settings = tiny();
  settings["tokenizer"] = (folder_ / "open").string();
  EXPECT_EQ(code_of([&] { (void)model(settings)->build(context()); }), "tokenizer.no-frame");
  EXPECT_EQ(code_of([&] { (void)model(settings)->check(context()); }), "tokenizer.no-frame");
}

/// The code of what check() throws for the checkpoint in `folder`.
std::string check_code(const Model& plugin, const ModelContext& context) {
  return code_of([&] { plugin.check(context); });
}

TEST_F(CodeBertTest, CheckRefusesWhatBuildRefusesAndReadsNoWeights) {
  model(tiny())->build(context()).save(folder_ / "victim");
  Settings settings;
  settings["checkpoint"] = (folder_ / "victim").string();
  const auto plugin = model(settings);
  EXPECT_TRUE(plugin->check(context()).empty());
  const fs::path config = folder_ / "victim" / "config.json";
  const std::string good = read_file(config);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    write_file_atomically(config, text);
  };
  for (const char* type : {"\"t5\"", "\"bert\""}) {
    with("\"roberta\"", type);
    EXPECT_EQ(check_code(*plugin, context()), code_of([&] { plugin->build(context()); })) << type;
    EXPECT_FALSE(check_code(*plugin, context()).empty());
  }
  with("\"hidden_size\": 64", "\"hidden_size\": 32");
  EXPECT_EQ(check_code(*plugin, context()), "checkpoint.shape");
  write_file_atomically(config, good);
  // The header of the weights counts, and the size of the file; the numbers do not.
  std::ofstream(folder_ / "victim" / "model.safetensors", std::ios::app) << "x";
  EXPECT_EQ(check_code(*plugin, context()), "checkpoint.bad-safetensors");
}

TEST_F(CodeBertTest, CheckComparesHeadAndPositionsWithTheTask) {
  model(tiny())->build(context()).save(folder_ / "victim");
  Settings settings;
  settings["checkpoint"] = (folder_ / "victim").string();
  const auto plugin = model(settings);
  ModelContext pairs = context();
  pairs.head.inputs = 2;
  EXPECT_EQ(check_code(*plugin, pairs), "checkpoint.head-shape");
  EXPECT_EQ(code_of([&] { plugin->build(pairs); }), "checkpoint.head-shape");
  ModelContext longer = context();
  longer.rules.max_tokens = 4000;
  const std::vector<std::string> remarks = plugin->check(longer);
  ASSERT_EQ(remarks.size(), 1U);
  EXPECT_NE(remarks[0].find("end at 32 tokens"), std::string::npos) << remarks[0];
}

TEST_F(CodeBertTest, CheckComparesSpecialTokensWithTheConfig) {
  model(tiny())->build(context()).save(folder_ / "victim");
  const fs::path config = folder_ / "victim" / "config.json";
  std::string text = read_file(config);
  const std::string before = "\"pad_token_id\": 1";
  ASSERT_NE(text.find(before), std::string::npos) << text;
  text.replace(text.find(before), before.size(), "\"pad_token_id\": 0");
  write_file_atomically(config, text);
  Settings settings;
  settings["checkpoint"] = (folder_ / "victim").string();
  const std::vector<std::string> remarks = model(settings)->check(context());
  ASSERT_EQ(remarks.size(), 1U);
  EXPECT_NE(remarks[0].find("says `pad_token_id` 0, but the tokenizer has 1"), std::string::npos);
}

TEST_F(CodeBertTest, CheckTrainsNothingWhereThereAreNoFiles) {
  EXPECT_TRUE(model(tiny())->check(context()).empty());
}

}  // namespace
}  // namespace ncmlab
