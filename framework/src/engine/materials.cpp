// SPDX-License-Identifier: Apache-2.0
#include "engine/materials.hpp"

#include <algorithm>
#include <cmath>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/data/subset.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {
namespace {

Rng stream_of(const Cell& cell, std::string_view name) {
  return Rng(static_cast<std::uint64_t>(cell.seed)).stream(name);
}

void check_corpus(const Corpus& corpus, const Task& task) {
  const auto labels = std::max<std::int64_t>(1, std::ssize(task.label_names()));
  if (corpus.test.empty()) {
    throw Error("data.empty", "the task's test split is empty");
  }
  for (const auto* split : {&corpus.train, &corpus.valid, &corpus.test}) {
    for (const Example& example : *split) {
      if (example.label < 0 || example.label >= labels) {
        throw Error("data.bad-label", "sample `" + example.id + "` has label " +
                                          std::to_string(example.label) + ", expected 0 to " +
                                          std::to_string(labels - 1));
      }
    }
  }
}

}  // namespace

void Materials::focus(const Cell& cell) {
  const std::pair wanted(cell.task, cell.seed);
  if (focus_ == wanted) {
    return;
  }
  corpus_.reset();
  clean_samples_.reset();
  tokens_.clear();
  focus_ = wanted;
}

const Corpus& Materials::corpus(const Cell& cell) {
  focus(cell);
  if (!corpus_) {
    const Task& task = *plan_.tasks[cell.task];
    Corpus corpus = task.load(stream_of(cell, "corpus"));
    for (auto* split : {&corpus.train, &corpus.valid, &corpus.test}) {
      keep_balanced(*split, plan_.experiment.limit, stream_of(cell, "trial run"));
    }
    check_corpus(corpus, task);
    for (const std::string& warning : corpus.warnings) {
      progress_.log("warning: " + warning);
    }
    corpus_ = std::move(corpus);
  }
  return *corpus_;
}

const std::vector<Example>& Materials::clean_samples(const Cell& cell) {
  const std::vector<Example>& train = corpus(cell).train;
  if (!clean_samples_) {
    std::map<std::int64_t, std::vector<std::size_t>> by_label;
    for (std::size_t i = 0; i < train.size(); ++i) {
      by_label[train[i].label].push_back(i);
    }
    const double per_label = plan_.experiment.clean_share * static_cast<double>(train.size()) /
                             static_cast<double>(std::max<std::size_t>(1, by_label.size()));
    const auto count = static_cast<std::size_t>(std::max<long>(1, std::lround(per_label)));
    Rng rng = stream_of(cell, "clean samples");
    std::vector<std::size_t> chosen;
    for (auto& [label, indices] : by_label) {
      for (const std::size_t i : rng.sample(indices.size(), count)) {
        chosen.push_back(indices[i]);
      }
    }
    rng.shuffle(chosen);
    clean_samples_.emplace();
    for (const std::size_t i : chosen) {
      clean_samples_->push_back(train[i]);
    }
  }
  return *clean_samples_;
}

const Materials::Tokens& Materials::tokens(const std::string& name, const Cell& cell,
                                           const Victim& victim,
                                           const std::vector<Example>& examples,
                                           Progress& progress) {
  const InputRules& rules = victim.rules();
  std::string key = name + "/" + victim.tokenizer().fingerprint() + "/" +
                    std::to_string(rules.max_tokens) + (rules.fold_whitespace ? "f" : "");
  for (const std::int64_t limit : rules.part_max_tokens) {
    key += "/" + std::to_string(limit);
  }
  for (const std::int64_t id : rules.prefix) {
    key += "," + std::to_string(id);
  }
  if (const auto found = tokens_.find(key); found != tokens_.end()) {
    return found->second;
  }
  const TaskView view(*plan_.tasks[cell.task]);
  Tokens result;
  result.reserve(examples.size());
  progress.begin("tokenising " + name, std::ssize(examples));
  for (const Example& example : examples) {
    progress.check();
    result.push_back(view.tokenize(victim, example));
    progress.advance();
  }
  return tokens_.emplace(key, std::move(result)).first->second;
}

std::vector<TokenSample> Materials::train_tokens(const Cell& cell, const Victim& victim,
                                                 const std::vector<Example>& train,
                                                 Progress& progress) {
  const std::vector<Example>& clean = corpus(cell).train;
  Tokens result = tokens("train", cell, victim, clean, progress);
  const TaskView view(*plan_.tasks[cell.task]);
  for (std::size_t i = 0; i < train.size(); ++i) {
    if (!(train[i] == clean[i])) {
      result[i] = view.tokenize(victim, train[i]);
    }
  }
  return result;
}

const std::vector<TokenSample>& Materials::valid_tokens(const Cell& cell, const Victim& victim,
                                                        Progress& progress) {
  return tokens("valid", cell, victim, corpus(cell).valid, progress);
}

const std::vector<TokenSample>& Materials::test_tokens(const Cell& cell, const Victim& victim,
                                                       Progress& progress) {
  return tokens("test", cell, victim, corpus(cell).test, progress);
}

const std::vector<TokenSample>& Materials::triggered_tokens(const Cell& cell, const Victim& victim,
                                                            const std::vector<Example>& examples,
                                                            Progress& progress) {
  return tokens("triggered " + std::to_string(cell.attack), cell, victim, examples, progress);
}

}  // namespace ncmlab
