// SPDX-License-Identifier: Apache-2.0
#include "config/check_data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "error_of.hpp"
#include "fake_catalogue.hpp"

namespace ncmlab::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// What the plugins of a test do.
struct Script {
  std::vector<std::int64_t> train, test;
  std::string task_fails, task_remarks, model_fails, model_remarks;
  int model_calls = 0;
};
Script script;

class ScriptedTask final : public Task {
 public:
  Corpus load(const Rng& /*rng*/) const override { return {}; }
  Corpus peek(std::int64_t records) const override {
    if (!script.task_fails.empty()) {
      throw Error("data.missing-file", script.task_fails);
    }
    Corpus corpus;
    if (!script.task_remarks.empty()) {
      corpus.warnings.push_back(script.task_remarks);
    }
    for (const std::int64_t label : script.train) {
      if (std::ssize(corpus.train) < records) {
        corpus.train.push_back({.id = "x", .code = "f", .label = label});
      }
    }
    for (const std::int64_t label : script.test) {
      corpus.test.push_back({.id = "x", .code = "f", .label = label});
    }
    return corpus;
  }
  std::string data_fingerprint() const override { return {}; }
  std::vector<std::string> label_names() const override { return {"sound", "bad"}; }
  std::int64_t positive_label() const override { return 1; }
  InputRules input_rules() const override { return {}; }
  HeadShape head_shape() const override { return {}; }
  std::vector<std::string> parts(const Example& example) const override { return {example.code}; }
};

class ScriptedModel final : public Model {
 public:
  CodeModel build(const ModelContext&) const override { throw Error("model.unused", "not built"); }
  CodeModel open(const std::filesystem::path&, const ModelContext&) const override {
    throw Error("model.unused", "not opened");
  }
  std::vector<std::string> check(const ModelContext&) const override {
    ++script.model_calls;
    if (!script.model_fails.empty()) {
      throw Error("checkpoint.shape", script.model_fails);
    }
    return script.model_remarks.empty() ? std::vector<std::string>{}
                                        : std::vector<std::string>{script.model_remarks};
  }
  std::string data_fingerprint() const override { return {}; }
};

class CheckDataTest : public ::testing::Test {
 protected:
  CheckDataTest() {
    script = {.train = {0, 1, 0}, .test = {1, 0}};
    Parameter data{.name = "data", .doc = {}, .default_value = std::string("builtin")};
    path({"builtin"})(data);
    Entry task = entry(PluginKind::task, "defects", {data});
    task.create = [](const Settings&) { return std::make_shared<ScriptedTask>(); };
    Entry model = entry(PluginKind::model, "net", {});
    model.create = [](const Settings&) { return std::make_shared<ScriptedModel>(); };
    for (const Entry& each :
         {task, model, entry(PluginKind::attack, "none", {}), entry(PluginKind::attack, "led", {}),
          entry(PluginKind::defense, "none", {})}) {
      catalogue_.add({each, "fake.so", "0"});
    }
  }

  Experiment experiment(const std::string& rest = "") const {
    const TemporaryFile file(
        "[experiment]\nname = \"x\"\n[[task]]\nplugin = \"defects\"\n"
        "data = \"${NCMLAB_CHECK_DATA:-/nowhere}/devign\"\n[[model]]\nplugin = \"net\"\n" +
        rest);
    return read_experiment(file.path(), catalogue_);
  }
  DataCheck check(std::int64_t records = 1000) const {
    return check_data(experiment(), catalogue_, records);
  }

  Catalogue catalogue_;
};

TEST_F(CheckDataTest, CountsTheLabelsOfEachSplit) {
  const DataCheck result = check();
  ASSERT_EQ(result.tasks.size(), 1U);
  EXPECT_THAT(result.tasks[0].splits,
              ElementsAre("train 3 (sound 2, bad 1)", "test 2 (sound 1, bad 1)"));
  EXPECT_TRUE(result.warnings.empty());
  EXPECT_THAT(check(2).tasks[0].splits[0], HasSubstr("train 2"));
}

TEST_F(CheckDataTest, TellsWhereTheFileNamesTheDataAndTheVariable) {
  script.task_fails = "no data set in `/nowhere/devign`";
  const Diagnostic problem = error_of([&] { check(); });
  EXPECT_EQ(problem.code, "data.missing-file");
  ASSERT_TRUE(problem.span);
  EXPECT_EQ(problem.span->line, 5);
  EXPECT_THAT(problem.notes, Contains("the environment variable `NCMLAB_CHECK_DATA` is not set"));
  ::setenv("NCMLAB_CHECK_DATA", "/mnt", 1);
  const Diagnostic set = error_of([&] { check(); });
  ::unsetenv("NCMLAB_CHECK_DATA");
  EXPECT_THAT(set.notes, Contains("the environment variable `NCMLAB_CHECK_DATA` is `/mnt`"));
}

TEST_F(CheckDataTest, WarnsOfSplitsWithOneLabel) {
  script.test = {1, 1};
  const DataCheck result = check();
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0].code, "data.one-label");
  EXPECT_EQ(result.warnings[0].severity, Severity::warning);
  EXPECT_EQ(result.warnings[0].message, "all 2 samples of the test split have the label `bad`");
}

TEST_F(CheckDataTest, PassesOnWhatTheTaskWarnsOf) {
  script.task_remarks = "skipped 2 bad records";
  const DataCheck result = check();
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0].code, "data.remark");
  EXPECT_EQ(result.warnings[0].message, "skipped 2 bad records");
}

TEST_F(CheckDataTest, RefusesLabelsThatTheTaskDoesNotHave) {
  script.train = {0, 2};
  EXPECT_EQ(error_of([&] { check(); }).code, "data.bad-label");
}

TEST_F(CheckDataTest, AsksModelsAndSurrogatesAndTellsEachCauseOnce) {
  script.model_fails = "a tensor is missing";
  const Experiment both = experiment(
      "[[attack]]\nplugin = \"led\"\n[attack.surrogate]\nplugin = \"net\"\n"
      "[[attack]]\nplugin = \"led\"\nname = \"b\"\n[attack.surrogate]\nplugin = \"net\"\n");
  try {
    check_data(both, catalogue_, 10);
    FAIL() << "nothing was found";
  } catch (const Error& error) {
    EXPECT_EQ(script.model_calls, 3);
    EXPECT_EQ(error.diagnostics().size(), 3U) << "one for each place in the file";
    EXPECT_EQ(error.diagnostics()[0].span->line, 7);
  }
  script.model_fails.clear();
  script.model_remarks = "positions end early";
  const DataCheck result = check();
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0].code, "checkpoint.remark");
  EXPECT_EQ(result.warnings[0].message, "positions end early");
}

}  // namespace
}  // namespace ncmlab::testing
