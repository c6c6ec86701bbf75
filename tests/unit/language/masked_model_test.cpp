// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/language/masked_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <nlohmann/json.hpp>

#include "error_of.hpp"
#include "language/token_blocks.hpp"
#include "masked_models.hpp"
#include "ncmlab/core/files.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

using testing::small_masked_model;

std::vector<std::int64_t> row_of(const MaskedModel& model) {
  return token_blocks(testing::opening_texts(3), model.tokenizer(), 64)[2];
}

at::Tensor logits_of(MaskedModel& model) {
  const at::NoGradGuard no_grad;
  const std::vector<std::int64_t> row = row_of(model);
  return model.logits(make_batch({&row}, 1), at::arange(std::ssize(row)), false);
}

TEST(MaskedModelTest, IsReadAsItWasWritten) {
  MaskedModel model = small_masked_model(3);
  const ScratchFolder folder;
  model.save(folder.path() / "model");
  MaskedModel again = MaskedModel::open(folder.path() / "model");
  EXPECT_EQ(again.tokenizer().fingerprint(), model.tokenizer().fingerprint());
  EXPECT_TRUE(at::equal(logits_of(again), logits_of(model)));
  const StateDict stored = read_safetensors(folder.path() / "model" / "model.safetensors");
  EXPECT_TRUE(at::equal(stored.at("lm_head.decoder.bias"), stored.at("lm_head.bias")));
  const auto config = nlohmann::json::parse(read_file(folder.path() / "model" / "config.json"));
  EXPECT_EQ(config.at("architectures").at(0), "RobertaForMaskedLM");
  for (const auto& [name, tensor] : again.parameters()) {
    EXPECT_TRUE(tensor.requires_grad()) << name;
    EXPECT_THAT(name, ::testing::AnyOf(::testing::StartsWith("roberta."),
                                       ::testing::StartsWith("lm_head.")));
  }
}

TEST(MaskedModelTest, HeadIsThatOfRoberta) {
  MaskedModel model = small_masked_model(4);
  const at::NoGradGuard no_grad;
  const std::vector<std::int64_t> row = row_of(model);
  const Batch batch = make_batch({&row}, 1);
  const StateDict head = model.parameters().below("lm_head.");
  const at::Tensor states = model.encoder().hidden_states(batch).back()[0];
  const at::Tensor dense =
      at::gelu(at::matmul(states, head.at("dense.weight").t()) + head.at("dense.bias"));
  const at::Tensor centred = dense - dense.mean(1, true);
  const at::Tensor normed = centred / (centred.square().mean(1, true) + 1e-5).sqrt();
  const at::Tensor expected =
      at::matmul(normed, model.encoder().embedding_table().t()) + head.at("bias");
  EXPECT_TRUE(at::allclose(logits_of(model), expected, 1e-4, 1e-5));
}

TEST(MaskedModelTest, FillsWithTheMostLikelyTokenThatIsNotSpecial) {
  MaskedModel model = small_masked_model(5);
  const std::vector<std::int64_t> row = row_of(model);
  {
    const at::NoGradGuard no_grad;
    const at::Tensor bias = model.parameters().at("lm_head.bias");
    bias[model.tokenizer().special().mask] = 1e4;
    bias[270] = 1e3;
  }
  std::vector<std::int64_t> expected = row;
  expected[2] = expected[4] = 270;
  EXPECT_EQ(model.fill(row, {2, 4}), expected);
  EXPECT_EQ(model.fill(row, {}), row);
  std::vector<std::int64_t> longer(100, 10);
  longer.front() = 0;
  longer.back() = 2;
  std::vector<std::int64_t> filled = longer;
  filled[3] = 270;
  // The row that is seen has 64 ids, of which the last closes it.
  EXPECT_EQ(model.fill(longer, {3, 63, 90}), filled)
      << "beyond what the model takes nothing is seen";
}

TEST(MaskedModelTest, LogProbabilitiesAreThoseOfEachTokenMaskedAlone) {
  MaskedModel model = small_masked_model(6);
  const std::vector<std::int64_t> row = row_of(model);
  const std::vector<double> logs = model.log_probabilities({row, {0, 2}})[0];
  ASSERT_EQ(logs.size(), row.size());
  EXPECT_EQ(logs.front(), 0);
  EXPECT_EQ(logs.back(), 0);
  const at::NoGradGuard no_grad;
  for (const std::size_t place : {std::size_t{1}, std::size_t{5}, row.size() - 2}) {
    std::vector<std::int64_t> masked = row;
    masked[place] = model.tokenizer().special().mask;
    const at::Tensor scores = model.logits(
        make_batch({&masked}, 1), at::tensor(static_cast<std::int64_t>(place)).view(1), false);
    EXPECT_NEAR(logs[place], at::log_softmax(scores, 1)[0][row[place]].item<double>(), 1e-5);
  }
}

TEST(MaskedModelTest, RefusesAFolderWithoutAHead) {
  const MaskedModel model = small_masked_model();
  const ScratchFolder folder;
  model.save(folder.path() / "model");
  StateDict bare;
  for (const auto& [name, tensor] : model.parameters()) {
    if (!name.starts_with("lm_head.layer_norm")) {
      bare.add(name, tensor);
    }
  }
  write_safetensors(folder.path() / "model" / "model.safetensors", bare);
  const Diagnostic problem = error_of([&] { MaskedModel::open(folder.path() / "model"); });
  EXPECT_EQ(problem.code, "language.no-head");
  EXPECT_THAT(problem.message, ::testing::HasSubstr("lm_head.layer_norm.weight"));
}

TEST(MaskedModelTest, RefusesAHeadThatDoesNotShareTheEmbeddings) {
  const ScratchFolder folder;
  small_masked_model().save(folder.path() / "model");
  auto config = nlohmann::json::parse(read_file(folder.path() / "model" / "config.json"));
  config["tie_word_embeddings"] = false;
  write_file_atomically(folder.path() / "model" / "config.json", config.dump());
  EXPECT_EQ(error_of([&] { MaskedModel::open(folder.path() / "model"); }).code, "language.untied");
}

TEST(MaskedModelTest, RefusesATokenizerWithoutAMask) {
  const ScratchFolder folder;
  small_masked_model().save(folder.path() / "model");
  std::string text = read_file(folder.path() / "model" / "tokenizer.json");
  for (std::size_t at = 0; (at = text.find("<mask>", at)) != std::string::npos;) {
    text.replace(at, 6, "<musk>");
  }
  std::string config = read_file(folder.path() / "model" / "tokenizer_config.json");
  for (std::size_t at = 0; (at = config.find("<mask>", at)) != std::string::npos;) {
    config.replace(at, 6, "<musk>");
  }
  auto fields = nlohmann::json::parse(config);
  fields.erase("mask_token");
  write_file_atomically(folder.path() / "model" / "tokenizer.json", text);
  write_file_atomically(folder.path() / "model" / "tokenizer_config.json", fields.dump());
  EXPECT_EQ(error_of([&] { MaskedModel::open(folder.path() / "model"); }).code,
            "language.no-mask-token");
}

}  // namespace
}  // namespace ncmlab
