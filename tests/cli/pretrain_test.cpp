// SPDX-License-Identifier: Apache-2.0
// `ncmlab pretrain`, and experiments that use what it wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ncmlab/language/masked_model.hpp"
#include "run_command.hpp"

namespace ncmlab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class PretrainTest : public RunCommandTest {
 protected:
  PretrainTest() {
    std::string lines;
    for (int i = 0; i < 60; ++i) {
      lines += R"({"func": "int f)" + std::to_string(i) + R"((int a) {\n  return a + )" +
               std::to_string(i % 7) + ";\\n}\"}\n";
    }
    folder_.write("corpus.jsonl", lines);
  }

  int pretrain(std::vector<std::string> options = {}) const {
    std::vector<std::string> words = {
        "pretrain", "corpus.jsonl", "--field", "func",      "--preset", "tiny",     "--vocab-size",
        "400",      "--held-out",   "0.2",     "--threads", "1",        "--epochs", "3"};
    words.insert(words.end(), options.begin(), options.end());
    return run(words);
  }
  std::string weights(const std::string& folder) const {
    return hash_file(folder_ / folder / "model.safetensors");
  }
};

TEST_F(PretrainTest, WritesAFolderThatSaysWhatItIs) {
  ASSERT_EQ(pretrain({"--out", "mlm"}), 0) << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("mlm: epoch 3/3"), HasSubstr("held out: loss"),
                           HasSubstr("perplexity")));
  const auto report = nlohmann::json::parse(read_file(folder_ / "mlm" / "pretraining.json"));
  EXPECT_EQ(report.at("texts").get<int>() + report.at("held_out_texts").get<int>(), 60);
  ASSERT_EQ(report.at("history").size(), 3U);
  EXPECT_LT(report["history"][2]["held_out"]["loss"], report["history"][0]["held_out"]["loss"]);
  EXPECT_LE(MaskedModel::open(folder_ / "mlm").tokenizer().vocab_size(), 400);
  EXPECT_FALSE(fs::exists(folder_ / "mlm.training"));
  EXPECT_EQ(pretrain({"--out", "mlm"}), 5) << "nothing is overwritten";
  EXPECT_THAT(err(), HasSubstr("io.exists"));
}

TEST_F(PretrainTest, GoesOnWhereItWasStopped) {
  ASSERT_EQ(pretrain({"--out", "whole"}), 0) << err();
  const pid_t child =
      start({"pretrain", "corpus.jsonl", "--field", "func", "--preset", "tiny", "--vocab-size",
             "400", "--held-out", "0.2", "--threads", "1", "--epochs", "3", "--out", "parted"});
  ASSERT_TRUE(wait_for("epoch 2/3: loss")) << "the state of the first is kept by then";
  ::kill(child, SIGKILL);
  finish(child);
  ASSERT_FALSE(fs::exists(folder_ / "parted"));
  EXPECT_EQ(pretrain({"--out", "parted", "--learning-rate", "0.01"}), 5);
  EXPECT_THAT(err(), HasSubstr("language.other-pretraining"));
  ASSERT_EQ(pretrain({"--out", "parted"}), 0) << err();
  EXPECT_THAT(err(), HasSubstr("pretraining goes on after epoch"));
  EXPECT_EQ(weights("parted"), weights("whole"));
}

TEST_F(PretrainTest, GoesOnFromAModelWithItsTokenizer) {
  ASSERT_EQ(pretrain({"--out", "first"}), 0) << err();
  ASSERT_EQ(
      run({"pretrain", "corpus.jsonl", "--field", "func", "--held-out", "0.2", "--threads", "1",
           "--epochs", "3", "--out", "second", "--from", "first", "--learning-rate", "1e-9"}),
      0)
      << err();
  EXPECT_EQ(MaskedModel::open(folder_ / "second").tokenizer().fingerprint(),
            MaskedModel::open(folder_ / "first").tokenizer().fingerprint());
  const auto loss = [&](const char* folder, std::size_t epoch) {
    const std::string file = std::string(folder) + "/pretraining.json";
    return nlohmann::json::parse(read_file(folder_ / file))["history"][epoch]["held_out"]["loss"]
        .get<double>();
  };
  EXPECT_NEAR(loss("second", 0), loss("first", 2), 0.01);
}

TEST_F(PretrainTest, SaysWhatIsWrongWithOptionsAndCorpora) {
  for (const auto& [words, code] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{}, "usage.missing-argument"},
           {{"--out", "x", "--epochs", "0"}, "usage.bad-value"},
           {{"--out", "x", "--preset", "huge"}, "usage.bad-value"},
           {{"--out", "x", "--learning-rate", "nan"}, "usage."},
           {{"--out", "x", "--from", "y", "--preset", "tiny"}, "usage.bad-option"},
           {{"--out", "x", "--tokenizer", "y", "--vocab-size", "400"}, "usage.bad-option"},
           {{"--out", "x", "--from", "nowhere"}, "io.read"}}) {
    std::vector<std::string> command = {"pretrain", "corpus.jsonl", "--field", "func"};
    command.insert(command.end(), words.begin(), words.end());
    EXPECT_NE(run(command), 0);
    EXPECT_THAT(err(), HasSubstr(code));
    EXPECT_FALSE(fs::exists(folder_ / "x"));
    EXPECT_FALSE(fs::exists(folder_ / "x.training"));
  }
  EXPECT_EQ(run({"pretrain", "nowhere", "--out", "x"}), 5);
  EXPECT_THAT(err(), HasSubstr("language.missing-corpus"));
  EXPECT_EQ(run({"pretrain", "corpus.jsonl", "--out", "x"}), 5);
  EXPECT_THAT(err(), AllOf(HasSubstr("data.missing-field"), HasSubstr("corpus.jsonl:1")));
}

TEST_F(PretrainTest, AnExperimentNamesItsLanguageModels) {
  ASSERT_EQ(pretrain({"--out", "mlm"}), 0) << err();
  const std::string reader = "[[defense]]\nplugin = \"reader\"\nmasked = true\n";
  write(std::string(kExperiment) + reader);
  EXPECT_EQ(run({"validate", "experiment.toml"}), 3);
  EXPECT_THAT(err(), AllOf(HasSubstr("config.no-masked-model"), HasSubstr("experiment.toml:")));

  write(std::string(kExperiment) + reader + "[language_model]\nmasked = \"nowhere\"\n");
  EXPECT_EQ(run({"validate", "experiment.toml"}), 5);
  EXPECT_THAT(err(), AllOf(HasSubstr("masked = \"nowhere\""), HasSubstr("experiment.toml:")));

  write(std::string(kExperiment) + reader +
        "[language_model]\nmasked = \"mlm\"\ncorpus = \"nowhere.jsonl\"\n");
  EXPECT_EQ(run({"validate", "experiment.toml"}), 5);
  EXPECT_THAT(err(),
              AllOf(HasSubstr("language.missing-corpus"), HasSubstr("corpus = \"nowhere.jsonl\"")));

  // A plan that was written down has no places.
  fs::rename(folder_ / "corpus.jsonl", folder_ / "nowhere.jsonl");
  write(std::string(kExperiment) + reader +
        "[language_model]\nmasked = \"mlm\"\ncorpus = \"nowhere.jsonl\"\nfield = \"func\"\n");
  ASSERT_EQ(run({"plan", "experiment.toml", "--out", "plan.json"}), 0) << err();
  fs::remove(folder_ / "nowhere.jsonl");
  EXPECT_EQ(run({"run", "plan.json"}), 5);
  EXPECT_THAT(err(), HasSubstr("language.missing-corpus"));

  // The echo model trains a tokenizer of its own.
  write(std::string(kExperiment) + reader + "[language_model]\nmasked = \"mlm\"\n");
  EXPECT_EQ(run({"run", "experiment.toml"}), 5);
  EXPECT_THAT(err(), AllOf(HasSubstr("language.other-tokenizer"), HasSubstr("masked = \"mlm\""),
                           testing::Not(HasSubstr("start   victim"))));
}

}  // namespace
}  // namespace ncmlab
