// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "shared_data.hpp"

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

std::shared_ptr<Model> codet5(const Settings& settings) {
  return std::dynamic_pointer_cast<Model>(
      ncmlab_plugin_detail::manifest().entries.front().create(settings));
}

Settings tiny() { return {{"preset", std::string("tiny")}, {"vocab_size", std::int64_t{300}}}; }

class CodeT5Test : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("ncmlab_codet5_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

TEST_F(CodeT5Test, EveryRowHasAVectorAndPresetsAreT5) {
  Victim victim = codet5(tiny())->build(context());
  const TokenSample sample{.parts = {victim.tokenize(kSource)}};
  const TokenSample empty{.parts = {victim.tokenize("")}};
  const at::Tensor vectors = victim.sentence_vectors({sample, empty});
  EXPECT_EQ(vectors.sizes(), (std::vector<std::int64_t>{2, 64}));
  EXPECT_FALSE(torch::allclose(vectors[0], vectors[1]));
  EXPECT_EQ(victim.encoder().shape().pooling, Pooling::last_eos);
  EXPECT_NE(victim.encoder().config_json().find("\"t5\""), std::string::npos);
}

TEST_F(CodeT5Test, OpensWhatItSavedAndTakesItAsACheckpoint) {
  Victim saved = codet5(tiny())->build(context());
  saved.save(folder_ / "victim");
  Victim opened = codet5(tiny())->open(folder_ / "victim", context());
  Settings settings;
  settings["checkpoint"] = (folder_ / "victim").string();
  Victim built = codet5(settings)->build(context());
  const TokenSample sample{.parts = {saved.tokenize(kSource)}};
  EXPECT_TRUE(torch::equal(saved.predict({sample}), opened.predict({sample})));
  EXPECT_TRUE(torch::equal(saved.predict({sample}), built.predict({sample})));
  EXPECT_FALSE(codet5(settings)->data_fingerprint().empty());
}

TEST_F(CodeT5Test, RefusesACheckpointOfAnotherArchitecture) {
  codet5(tiny())->build(context()).save(folder_ / "victim");
  const std::string roberta =
      R"({"model_type": "roberta", "vocab_size": 300, "hidden_size": 64, "num_hidden_layers": 1,
          "num_attention_heads": 1, "intermediate_size": 8, "max_position_embeddings": 50})";
  write_file_atomically(folder_ / "victim" / "config.json", roberta);
  try {
    (void)codet5(tiny())->open(folder_ / "victim", context());
    FAIL() << "a RoBERTa checkpoint was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "checkpoint.wrong-model-type");
  }
}

TEST_F(CodeT5Test, RunsWithTheTokenizerOfCodeT5) {
  NCMLAB_NEEDS(real_data() / "tokenizers" / "codet5-base");
  Settings settings = tiny();
  settings["tokenizer"] = (real_data() / "tokenizers" / "codet5-base").string();
  Victim victim = codet5(settings)->build(context());
  const TokenRow row = victim.tokenize(kSource);
  EXPECT_EQ(row.ids.front(), 1);
  EXPECT_EQ(row.ids.back(), 2);
  EXPECT_TRUE(victim.predict({{.parts = {row}}}).isfinite().all().item<bool>());
}

}  // namespace
}  // namespace ncmlab
