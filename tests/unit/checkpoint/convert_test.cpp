// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/convert.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "checkpoint/diff.hpp"
#include "checkpoint_folder.hpp"
#include "error_of.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"
#include "shared_data.hpp"

namespace ncmlab {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::write_tiny_model;

TEST(ConvertTest, RoundTripThroughEveryFormKeepsEveryBit) {
  for (const auto type : {at::kFloat, at::kHalf, at::kBFloat16}) {
    const ScratchFolder folder;
    write_tiny_model(folder.path(), "module.encoder.", type);
    const Checkpoint original = read_checkpoint(folder / "model.bin");
    convert(original, folder / "hf");
    convert(read_checkpoint(folder / "hf"), folder / "again.bin");
    convert(read_checkpoint(folder / "again.bin", folder / "config.json"),
            folder / "last.safetensors");
    for (const char* name : {"again.bin", "last.safetensors"}) {
      const CheckpointDiff result =
          diff(read_checkpoint(folder / name), read_checkpoint(folder / "hf"));
      EXPECT_TRUE(result.bit_identical()) << to_text(result);
      EXPECT_EQ(result.compared, original.weights.size() + 2);  // the pooler was made up
    }
    const CheckpointDiff result = diff(original, read_checkpoint(folder / "again.bin"));
    ASSERT_EQ(result.differences.size(), 2u);
    EXPECT_EQ(result.differences[0].name, "encoder.pooler.dense.bias");
    EXPECT_EQ(result.differences[0].first, "absent");
  }
}

TEST(ConvertTest, FolderIsWhatFromPretrainedExpects) {
  const ScratchFolder folder;
  write_tiny_model(folder.path(), "encoder.", at::kBFloat16);
  write_file_atomically(folder / "vocab.json", "{}");
  write_file_atomically(folder / "merges.txt", "#version: 0.2\n");
  const auto notes = convert(read_checkpoint(folder / "model.bin"), folder / "hf/");
  EXPECT_THAT(notes, Contains(HasSubstr("made up `pooler.dense.weight`")));
  EXPECT_EQ(read_file(folder / "hf/merges.txt"), "#version: 0.2\n");
  const auto config = nlohmann::json::parse(read_file(folder / "hf/config.json"));
  EXPECT_EQ(config["architectures"], nlohmann::json::array({"RobertaModel"}));
  EXPECT_EQ(config["torch_dtype"], "bfloat16");
  EXPECT_EQ(config["vocab_size"], 20);
  const StateDict written = read_safetensors(folder / "hf/model.safetensors");
  EXPECT_TRUE(written.contains("embeddings.word_embeddings.weight"));
  EXPECT_TRUE(written.contains("pooler.dense.bias"));
  for (const auto& [name, tensor] : written) {
    EXPECT_THAT(name, ::testing::Not(HasSubstr("classifier")));
  }
  EXPECT_THAT(read_file(folder / "hf/model.safetensors"), HasSubstr(R"("format":"pt")"));
  EXPECT_EQ(read_weights(folder / "hf").at("classifier.out_proj.weight").size(1), 8);
}

TEST(ConvertTest, ATokenizerJsonGetsTheConfigThatTransformersReads) {
  const ScratchFolder folder;
  write_tiny_model(folder.path(), "encoder.", at::kFloat);
  Tokenizer::train({"int main(void) { return 0; }"}, {.vocab_size = 270}).save(folder / "plain");
  Tokenizer::from_folder(folder / "plain", true).save(folder / "tokenizer");
  const auto file = [&](const char* name) { return folder / "tokenizer" / name; };
  std::filesystem::remove(file("tokenizer_config.json"));
  const Checkpoint model = read_checkpoint(folder / "model.bin");

  const auto notes = convert(model, folder / "hf", folder / "tokenizer");
  EXPECT_THAT(notes, Contains(HasSubstr("made up `tokenizer_config.json`")));
  EXPECT_EQ(read_file(folder / "hf/tokenizer.json"), read_file(file("tokenizer.json")));
  EXPECT_EQ(
      nlohmann::json::parse(read_file(folder / "hf/tokenizer_config.json")).at("add_prefix_space"),
      true);

  write_file_atomically(file("tokenizer_config.json"), "{}");
  convert(model, folder / "own", folder / "tokenizer");
  EXPECT_EQ(read_file(folder / "own/tokenizer_config.json"), "{}");

  std::filesystem::remove(file("tokenizer_config.json"));
  write_file_atomically(file("tokenizer.json"), R"({"model": {"type": "WordPiece"}})");
  EXPECT_THAT(convert(model, folder / "foreign", folder / "tokenizer"),
              Contains(HasSubstr("ncmlab cannot read it")));
}

TEST(ConvertTest, SaysWhatItLeavesOut) {
  const ScratchFolder folder;
  StateDict weights = testing::tiny_weights("roberta.");
  weights.add("roberta.embeddings.position_ids", torch::arange(12));
  weights.add("lm_head.bias", torch::zeros({20}));
  write_safetensors(folder / "model.safetensors", weights);
  write_file_atomically(folder / "config.json", testing::tiny_roberta().to_json());
  const auto notes = convert(read_checkpoint(folder.path()), folder / "out.bin");
  EXPECT_THAT(notes, Contains(HasSubstr("left out `lm_head.bias`, float32 [20]")));
  EXPECT_THAT(notes, Contains(HasSubstr("left out `roberta.embeddings.position_ids`")));
  EXPECT_TRUE(read_weights(folder / "out.bin").contains("encoder.embeddings.LayerNorm.bias"));
}

TEST(ConvertTest, WritesNothingWhenSomethingIsWrong) {
  const ScratchFolder folder;
  write_tiny_model(folder.path(), "encoder.");
  const auto code = [](const Checkpoint& checkpoint, const std::filesystem::path& target) {
    return code_of([&] { convert(checkpoint, target); });
  };
  const Checkpoint checkpoint = read_checkpoint(folder.path());
  EXPECT_EQ(code(checkpoint, folder / "model.bin"), "io.exists");
  std::filesystem::create_directories(folder / "bare");
  std::filesystem::copy(folder / "model.bin", folder / "bare/model.bin");
  EXPECT_EQ(code(read_checkpoint(folder / "bare"), folder / "hf"), "checkpoint.no-config");
  EXPECT_FALSE(std::filesystem::exists(folder / "hf"));
  RobertaConfig larger = testing::tiny_roberta();
  larger.num_hidden_layers = 3;
  write_file_atomically(folder / "larger.json", larger.to_json());
  EXPECT_EQ(code(read_checkpoint(folder.path(), folder / "larger.json"), folder / "hf"),
            "checkpoint.missing-tensor");
  EXPECT_FALSE(std::filesystem::exists(folder / "hf"));
}

TEST(ConvertTest, RecordedModelsComeBackBitIdentical) {
  NCMLAB_NEEDS(golden_data() / "models");
  const ScratchFolder folder;
  for (const auto& entry : std::filesystem::directory_iterator(golden_data() / "models")) {
    const std::string name = entry.path().filename().string();
    const auto config = entry.path() / "hf" / "config.json";
    const auto architecture = nlohmann::json::parse(read_file(config))["model_type"];
    if (std::ranges::none_of(architectures(), [&](const Architecture& known) {
          return architecture == known.model_type;
        })) {
      continue;
    }
    const Checkpoint whole = read_checkpoint(entry.path() / "model.bin", config);
    convert(whole, folder / name);
    convert(read_checkpoint(folder / name), folder / (name + ".bin"));
    const CheckpointDiff back = diff(whole, read_checkpoint(folder / (name + ".bin"), config));
    EXPECT_TRUE(back.bit_identical()) << name << "\n" << to_text(back);
    std::filesystem::remove(folder / name / "classifier.safetensors");
    const CheckpointDiff bare =
        diff(read_checkpoint(entry.path() / "hf"), read_checkpoint(folder / name));
    EXPECT_TRUE(bare.bit_identical()) << name << "\n" << to_text(bare);
    EXPECT_EQ(read_weights(folder / (name + ".bin")).size(), whole.weights.size()) << name;
  }
}

}  // namespace
}  // namespace ncmlab
