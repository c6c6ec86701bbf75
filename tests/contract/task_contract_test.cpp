// SPDX-License-Identifier: Apache-2.0
// What every task must do on the data that its defaults name.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "contract_plugins.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab::contract {
namespace {

namespace fs = std::filesystem;

class TaskContract : public testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<Task> task_ = create<Task>(PluginKind::task, GetParam());
};

TEST_P(TaskContract, CorpusDependsOnTheSeedOnly) {
  const Corpus first = task_->load(Rng(1));
  const Corpus again = task_->load(Rng(1));
  EXPECT_EQ(first.train, again.train);
  EXPECT_EQ(first.valid, again.valid);
  EXPECT_EQ(first.test, again.test);
  EXPECT_EQ(task_->data_fingerprint(), task_->data_fingerprint());
  if (task_->data_fingerprint().empty()) {
    EXPECT_NE(first.train, task_->load(Rng(2)).train) << "made up, but not by the seed";
  }
}

TEST_P(TaskContract, SplitsAreDisjointAndLabelled) {
  const Corpus corpus = task_->load(Rng(1));
  EXPECT_FALSE(corpus.train.empty());
  EXPECT_FALSE(corpus.test.empty());
  const bool labelled = task_->kind() != TaskKind::retrieval;
  const auto labels = labelled ? static_cast<std::int64_t>(task_->label_names().size()) : 1;
  EXPECT_TRUE(labelled ? labels >= 2 : task_->label_names().empty());
  std::set<std::string> ids;
  for (const auto* split : {&corpus.train, &corpus.valid, &corpus.test}) {
    for (const Example& example : *split) {
      EXPECT_TRUE(ids.insert(example.id).second) << example.id << " stands twice";
      EXPECT_TRUE(example.label >= 0 && example.label < labels) << example.id;
      EXPECT_EQ(!example.other_code.empty(), task_->kind() == TaskKind::pair_classification)
          << example.id;
      EXPECT_EQ(!example.query.empty(), task_->kind() == TaskKind::retrieval) << example.id;
    }
  }
}

TEST_P(TaskContract, DeclaresInputsAndLabels) {
  const HeadShape head = task_->head_shape();
  if (task_->kind() == TaskKind::retrieval) {
    EXPECT_EQ(head.kind, HeadKind::similarity);
    EXPECT_FALSE(task_->target_word().empty());
    EXPECT_GE(task_->pool_size(), 0);
  } else {
    EXPECT_EQ(head.classes, static_cast<std::int64_t>(task_->label_names().size()));
    EXPECT_TRUE(head.logits == head.classes || (head.logits == 1 && head.classes == 2));
    EXPECT_TRUE(task_->positive_label() >= 0 && task_->positive_label() < head.classes);
  }
  EXPECT_EQ(head.inputs, task_->kind() == TaskKind::classification ? 1 : 2);
  for (std::size_t part = 0; part < static_cast<std::size_t>(head.inputs); ++part) {
    EXPECT_GE(task_->input_rules().limit(part), 2);
  }
  for (const Example& example : odd_samples()) {
    EXPECT_EQ(static_cast<std::int64_t>(task_->parts(example).size()), head.inputs);
  }
}

TEST_P(TaskContract, ReadsJsonLinesWithColumnsOfAnyName) {
  const fs::path file = fs::path(testing::TempDir()) / ("ncmlab_columns_" + GetParam() + ".jsonl");
  const std::string common = R"(, "other": "second text", "lang": "java", "name": )";
  write_file_atomically(
      file, R"({"part": "train", "body": "int f() {}", "kind": "yes")" + common + "\"a\"}\n" +
                R"({"part": "test", "body": "int g() {}", "kind": "no")" + common + "\"b\"}\n" +
                R"({"part": "train", "kind": "no")" + common + "\"c\"}\n");
  Settings settings = {{"data", file.string()},
                       {"format", std::string("json_lines")},
                       {"on_bad_record", std::string("skip")},
                       {"code_column", std::string("body")},
                       {"id_column", std::string("name")},
                       {"language_column", std::string("lang")},
                       {"split_column", std::string("part")}};
  const bool labelled = task_->kind() != TaskKind::retrieval;
  if (labelled) {
    settings["label_column"] = std::string("kind");
    settings["label_values"] = std::vector<std::string>{"no", "yes"};
  }
  if (task_->kind() != TaskKind::classification) {
    settings[labelled ? "second_column" : "query_column"] = std::string("other");
  }
  const auto task = create<Task>(PluginKind::task, GetParam(), settings);
  EXPECT_FALSE(task->data_fingerprint().empty());
  const Corpus corpus = task->load(Rng(1));
  fs::remove(file);
  ASSERT_EQ(corpus.train.size() + corpus.valid.size(), 1u);
  ASSERT_EQ(corpus.test.size(), 1u);
  const Example& first = corpus.train.empty() ? corpus.valid[0] : corpus.train[0];
  const bool is_pair = task_->kind() == TaskKind::pair_classification;
  EXPECT_EQ(first, (Example{.id = "a",
                            .code = "int f() {}",
                            .other_code = is_pair ? "second text" : "",
                            .query = labelled ? "" : "second text",
                            .label = labelled ? 1 : 0,
                            .language = Language::java}));
  EXPECT_EQ(corpus.test[0].label, 0);
  ASSERT_EQ(corpus.warnings.size(), 1u);
  EXPECT_NE(corpus.warnings[0].find("body"), std::string::npos) << corpus.warnings[0];
}

INSTANTIATE_TEST_SUITE_P(Catalogue, TaskContract, testing::ValuesIn(names(PluginKind::task)),
                         test_name);

}  // namespace
}  // namespace ncmlab::contract
