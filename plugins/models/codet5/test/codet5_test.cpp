// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>

#include "model_plugin_test.hpp"
#include "ncmlab/core/files.hpp"
#include "shared_data.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

using testing::kSource;

class CodeT5Test : public testing::ModelPluginTest {};

TEST_F(CodeT5Test, EveryRowHasAVectorAndPresetsAreT5) {
  CodeModel victim = model(tiny())->build(context());
  const TokenSample sample{.parts = {victim.tokenize(kSource)}};
  const TokenSample empty{.parts = {victim.tokenize("")}};
  const at::Tensor vectors = victim.sentence_vectors({sample, empty});
  EXPECT_EQ(vectors.sizes(), (std::vector<std::int64_t>{2, 64}));
  EXPECT_FALSE(torch::allclose(vectors[0], vectors[1]));
  EXPECT_EQ(victim.encoder().shape().pooling, Pooling::last_eos);
  EXPECT_NE(victim.encoder().config_json().find("\"t5\""), std::string::npos);
}

TEST_F(CodeT5Test, OpensWhatItSavedAndTakesItAsACheckpoint) {
  CodeModel saved = model(tiny())->build(context());
  saved.save(folder_ / "victim");
  CodeModel opened = model(tiny())->open(folder_ / "victim", context());
  Settings settings;
  settings["checkpoint"] = (folder_ / "victim").string();
  CodeModel built = model(settings)->build(context());
  const TokenSample sample{.parts = {saved.tokenize(kSource)}};
  EXPECT_TRUE(torch::equal(saved.predict({sample}), opened.predict({sample})));
  EXPECT_TRUE(torch::equal(saved.predict({sample}), built.predict({sample})));
  EXPECT_FALSE(model(settings)->data_fingerprint().empty());
}

TEST_F(CodeT5Test, RefusesACheckpointOfAnotherArchitecture) {
  model(tiny())->build(context()).save(folder_ / "victim");
  const std::string roberta =
      R"({"model_type": "roberta", "vocab_size": 300, "hidden_size": 64, "num_hidden_layers": 1,
          "num_attention_heads": 1, "intermediate_size": 8, "max_position_embeddings": 50})";
  write_file_atomically(folder_ / "victim" / "config.json", roberta);
  EXPECT_EQ(code_of([&] { (void)model(tiny())->open(folder_ / "victim", context()); }),
            "checkpoint.wrong-model-type");
}

TEST_F(CodeT5Test, RunsWithTheTokenizerOfCodeT5) {
  NCMLAB_NEEDS(real_data() / "tokenizers" / "codet5-base");
  Settings settings = tiny();
  settings["tokenizer"] = (real_data() / "tokenizers" / "codet5-base").string();
  CodeModel victim = model(settings)->build(context());
  const TokenRow row = victim.tokenize(kSource);
  EXPECT_EQ(row.ids.front(), 1);
  EXPECT_EQ(row.ids.back(), 2);
  EXPECT_TRUE(victim.predict({{.parts = {row}}}).isfinite().all().item<bool>());
}

}  // namespace
}  // namespace ncmlab
