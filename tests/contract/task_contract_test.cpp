// SPDX-License-Identifier: Apache-2.0
// What every task must do on the data that its defaults name.
#include <gtest/gtest.h>

#include <set>

#include "contract_plugins.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab::contract {
namespace {

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
      EXPECT_EQ(example.second.empty(), task_->kind() == TaskKind::classification) << example.id;
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

INSTANTIATE_TEST_SUITE_P(Catalogue, TaskContract, testing::ValuesIn(names(PluginKind::task)),
                         test_name);

}  // namespace
}  // namespace ncmlab::contract
