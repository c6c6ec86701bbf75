// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/model/code_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "error_of.hpp"
#include "model/whitespace.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/networks/architecture.hpp"
#include "scratch_folder.hpp"
#include "shared_data.hpp"
#include "small_model.hpp"

namespace ncmlab {
namespace {

using testing::random_samples;
using testing::small_model;

TEST(FoldWhitespaceTest, DoesWhatPythonsSplitAndJoinDo) {
  const auto fold = [](std::string_view text) {
    const std::string folded = fold_whitespace(text);
    EXPECT_EQ(fold_whitespace_with_origins(text).text, folded);
    return folded;
  };
  EXPECT_EQ(fold("  int\n\t x ;\r\n"), "int x ;");
  EXPECT_EQ(fold("a\xC2\xA0\xE2\x80\xA8"
                 "b\x1F"
                 "c"),
            "a b c");
  EXPECT_EQ(fold(" \n "), "");
  EXPECT_EQ(fold(""), "");
  EXPECT_EQ(fold("\xFF \xC2"), "\xFF \xC2");
  EXPECT_EQ(fold("\xE2\x80"), "\xE2\x80");
}

TEST(FoldWhitespaceTest, KnowsWhereEachByteComesFrom) {
  const FoldedText folded = fold_whitespace_with_origins(" a \n b\xC2\xA0\xE3\x80\x80\xC3\xA9\n");
  ASSERT_EQ(folded.text, "a b \xC3\xA9");
  EXPECT_EQ(folded.origins,
            (std::vector<ByteRange>{{1, 2}, {2, 5}, {5, 6}, {6, 11}, {11, 12}, {12, 13}}));
}

TEST(BatchesByLengthTest, HoldsEverySampleOnceWithinTheBudget) {
  const CodeModel victim = small_model(1);
  const auto samples = random_samples(victim, 50, 2, Rng(2));
  std::vector<int> seen(samples.size(), 0);
  std::size_t longest_before = 0;
  for (const auto& batch : batches_by_length(samples, 200, 7)) {
    ASSERT_FALSE(batch.empty());
    EXPECT_LE(batch.size(), 7u);
    const Batch rows = make_batch(samples, batch, 1);
    EXPECT_EQ(rows.ids.size(0), static_cast<std::int64_t>(2 * batch.size()));
    EXPECT_TRUE(rows.ids.numel() <= 200 || batch.size() == 1);
    for (const std::size_t index : batch) {
      ++seen[index];
      const std::size_t longest =
          std::max(samples[index].parts[0].ids.size(), samples[index].parts[1].ids.size());
      EXPECT_GE(longest, longest_before);
      longest_before = longest;
    }
  }
  EXPECT_EQ(seen, std::vector<int>(samples.size(), 1));
  EXPECT_TRUE(batches_by_length({}, 200, 7).empty());
}

TEST(VictimTest, TokenizesWithSpecialTokensAndCutsAtTheEnd) {
  const CodeModel victim = small_model(1);
  const auto& special = victim.tokenizer().special();
  const TokenRow row = victim.tokenize("int   copy(\n)");
  EXPECT_EQ(row.ids.front(), special.bos);
  EXPECT_EQ(row.ids.back(), special.eos);
  EXPECT_EQ(std::vector<std::int64_t>(row.ids.begin() + 1, row.ids.end() - 1),
            victim.tokenizer().encode("int copy( )"));
  const TokenRow cut = victim.tokenize(std::string(500, 'q'));
  EXPECT_EQ(cut.ids.size(), 48u);
  EXPECT_EQ(cut.ids.back(), special.eos);
}

TEST(VictimTest, RangesPointIntoTheOriginalSource) {
  const CodeModel victim = small_model(1);
  const std::string source = "  int \n\n  from  = 0;";
  const TokenRow row = victim.tokenize_with_ranges(source);
  ASSERT_EQ(row.ranges.size(), row.ids.size());
  EXPECT_EQ(row.ids, victim.tokenize(source).ids);
  EXPECT_EQ(row.ranges.front().size(), 0u);
  EXPECT_EQ(row.ranges.back().size(), 0u);
  for (std::size_t i = 1; i + 1 < row.ids.size(); ++i) {
    const auto& range = row.ranges[i];
    const std::string covered = source.substr(range.begin, range.size());
    EXPECT_EQ(fold_whitespace("|" + covered + "|"),
              "|" + victim.tokenizer().decode({row.ids[i]}) + "|");
  }
}

TEST(VictimTest, PredictionsKeepTheOrderAndDoNotDependOnTheBatches) {
  CodeModel victim = small_model(3, {.inputs = 2, .classes = 3, .logits = 3});
  const auto samples = random_samples(victim, 23, 2, Rng(4));
  const at::Tensor wide = victim.predict(samples);
  EXPECT_EQ(victim.work().forward_rows, 46);
  const at::Tensor narrow = victim.predict(samples, silent_progress(), 60);
  EXPECT_LT((wide - narrow).abs().max().item<float>(), 1e-5);
  EXPECT_LT((wide.exp().sum(1) - 1).abs().max().item<float>(), 1e-5);
  const at::Tensor alone = victim.predict({samples[7]});
  EXPECT_LT((alone[0] - wide[7]).abs().max().item<float>(), 1e-5);
  EXPECT_EQ(victim.sentence_vectors(samples).sizes(), (std::vector<std::int64_t>{23, 64}));
  EXPECT_EQ(victim.predict({}).size(0), 0);
}

TEST(VictimTest, SavedWeightsComeBack) {
  CodeModel victim = small_model(5);
  const auto folder = std::filesystem::path(::testing::TempDir()) / "ncmlab_victim";
  const auto samples = random_samples(victim, 5, 1, Rng(6));
  const at::Tensor expected = victim.predict_logits(samples);
  victim.save(folder);
  victim.save(folder);
  CodeModel other = small_model(99);
  EXPECT_FALSE(at::equal(other.predict_logits(samples), expected));
  other.load_weights(folder);
  EXPECT_TRUE(at::equal(other.predict_logits(samples), expected));
  const std::string config = read_file(folder / "config.json");
  const SplitWeights split =
      split_weights(architecture_of(config, "config.json"), read_weights(folder));
  const auto encoder = make_encoder(config, "config.json", Pooling::cls, split.encoder);
  const CodeModel read(std::make_shared<Tokenizer>(Tokenizer::from_folder(folder)),
                       encoder->clone(), Head({.hidden = 32}, split.head), victim.rules());
  EXPECT_TRUE(at::equal(CodeModel(read.clone()).predict_logits(samples), expected));
  CodeModel pair = small_model(7, {.inputs = 2});
  EXPECT_THROW(pair.load_weights(folder), Error);
}

TEST(VictimTest, SavesOverALinkAndLeavesWhatItPointsTo) {
  const ScratchFolder folder;
  folder.write("other/kept", "x");
  const CodeModel victim = small_model(5);
  for (const char* name : {"link", "link/"}) {
    std::filesystem::remove_all(folder / "link");
    std::filesystem::create_directory_symlink("other", folder / "link");
    victim.save(folder / name);
    EXPECT_FALSE(std::filesystem::is_symlink(folder / "link")) << name;
    small_model(6).load_weights(folder / "link");
    EXPECT_EQ(read_file(folder / "other" / "kept"), "x") << name;
  }
}

TEST(VictimTest, RefusesPartsThatDoNotFit) {
  const CodeModel victim = small_model(1);
  const auto code = [&](const std::shared_ptr<const Tokenizer>& tokenizer, std::int64_t hidden,
                        const InputRules& rules) {
    return code_of([&] {
      CodeModel(tokenizer, victim.encoder().clone(), Head({.hidden = hidden}, Rng(1)), rules);
    });
  };
  const auto fitting = victim.shared_tokenizer();
  EXPECT_EQ(code(fitting, 32, {.max_tokens = 64}), "");
  EXPECT_EQ(code(fitting, 32, {.max_tokens = 65}), "model.max-tokens");
  EXPECT_EQ(code(fitting, 32, {.max_tokens = 48, .part_max_tokens = {1}}), "model.max-tokens");
  EXPECT_EQ(code(fitting, 31, {.max_tokens = 48}), "model.head-width");
  const std::string_view words = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const auto larger =
      std::make_shared<const Tokenizer>(Tokenizer::train({words, words}, {.vocab_size = 300}));
  ASSERT_GT(larger->vocab_size(), fitting->vocab_size());
  EXPECT_EQ(code(larger, 32, {.max_tokens = 48}), "model.vocabulary");
}

TEST(VictimTest, StopsWhenCancelled) {
  struct Stopped : Progress {
    bool cancelled() const override { return true; }
  } stopped;
  CodeModel victim = small_model(1);
  EXPECT_THROW(victim.predict(random_samples(victim, 3, 1, Rng(1)), stopped), Cancelled);
}

/// The first `limit` functions of a JSON Lines file.
std::vector<nlohmann::json> lines_of(const std::filesystem::path& file, std::size_t limit) {
  std::ifstream stream(file);
  std::vector<nlohmann::json> lines;
  for (std::string line; lines.size() < limit && std::getline(stream, line);) {
    lines.push_back(nlohmann::json::parse(line));
  }
  return lines;
}

TEST(VictimTest, RealCheckpointGivesTheRecordedLogits) {
  const auto folder = real_data() / "models" / "codebert-3mb-devign";
  const auto test_file = real_data() / "devign" / "test.jsonl";
  const auto recorded_file = golden_data() / "checkpoints" / "codebert-3mb-devign.logits.jsonl";
  NCMLAB_NEEDS(folder);
  NCMLAB_NEEDS(test_file);
  NCMLAB_NEEDS(recorded_file);
  const char* wanted = std::getenv("NCMLAB_LOGITS");
  const std::size_t limit = wanted != nullptr ? std::stoul(wanted) : 150;
  const std::string config = read_file(folder / "config.json");
  const SplitWeights weights =
      split_weights(architecture_of(config, "config.json"), read_weights(folder));
  auto encoder = make_encoder(config, "config.json", Pooling::cls, weights.encoder);
  const std::int64_t hidden = encoder->shape().hidden;
  CodeModel victim(std::make_shared<Tokenizer>(Tokenizer::from_folder(folder)), std::move(encoder),
                   Head({.hidden = hidden, .label_columns = {1, 0}}, weights.head),
                   {.max_tokens = 400});
  const auto functions = lines_of(test_file, limit);
  const auto recorded = lines_of(recorded_file, limit);
  std::vector<TokenSample> samples;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    samples.push_back({.parts = {victim.tokenize(functions[i]["func"].get<std::string>())},
                       .label = functions[i]["target"].get<std::int64_t>()});
    EXPECT_EQ(samples.back().parts[0].ids.size(), recorded[i]["n_tokens"]) << i;
  }
  const at::Tensor logits = victim.predict_logits(samples);
  ASSERT_EQ(logits.size(0), static_cast<std::int64_t>(recorded.size()));
  double worst = 0;
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    const at::Tensor expected =
        torch::tensor(recorded[i]["logits"].get<std::vector<double>>(), torch::kFloat);
    worst = std::max(worst,
                     (logits[static_cast<std::int64_t>(i)] - expected).abs().max().item<double>());
  }
  EXPECT_LT(worst, 1e-4);
  const at::Tensor predicted = victim.head().log_probabilities(logits).argmax(1);
  double hits = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    hits += predicted[static_cast<std::int64_t>(i)].item<std::int64_t>() == samples[i].label;
  }
  EXPECT_GT(hits / static_cast<double>(samples.size()), 0.5);
}

}  // namespace
}  // namespace ncmlab
