// SPDX-License-Identifier: Apache-2.0
#include "engine/materials.hpp"

#include <algorithm>
#include <utility>

#include "engine/clean_split.hpp"
#include "engine/language_models.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/data/subset.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {
namespace {

Rng stream_of(const Subject& subject, std::string_view name) {
  return Rng(static_cast<std::uint64_t>(subject.seed)).stream(name);
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

/// A split in which one label stands alone: nothing can be learnt from it, or measured on it.
std::vector<std::string> one_class_warnings(const Corpus& corpus, const Task& task) {
  std::vector<std::string> warnings;
  if (task.kind() == TaskKind::retrieval) {
    return warnings;
  }
  for (const auto& [name, split] :
       {std::pair("training", &corpus.train), std::pair("test", &corpus.test)}) {
    const auto other = [&](const Example& example) {
      return example.label != split->front().label;
    };
    if (!split->empty() && std::ranges::none_of(*split, other)) {
      warnings.push_back("all " + std::to_string(split->size()) + " " + name +
                         " samples are of one class, `" +
                         task.label_names().at(static_cast<std::size_t>(split->front().label)) +
                         "`: its figures mean nothing");
    }
  }
  return warnings;
}

}  // namespace

void Materials::focus(const Subject& subject) {
  const std::pair wanted(subject.task, subject.seed);
  if (focus_ == wanted) {
    return;
  }
  corpus_.reset();
  clean_samples_.clear();
  tuning_samples_.clear();
  fitting_samples_.clear();
  threshold_samples_.clear();
  poisonable_.clear();
  tokens_.clear();
  focus_ = wanted;
}

const Corpus& Materials::corpus(const Subject& subject) {
  focus(subject);
  if (!corpus_) {
    const Task& task = plugins_.task(subject.task);
    const Experiment& e = experiment_;
    Corpus corpus = task.load(stream_of(subject, "corpus"));
    for (auto* split : {&corpus.train, &corpus.valid, &corpus.test}) {
      keep_balanced(*split, experiment_.limit, stream_of(subject, "trial run"));
    }
    check_corpus(corpus, task);
    CleanSplit split = split_off_clean(std::move(corpus.train), task.kind(), e.clean_share,
                                       e.clean_from, stream_of(subject, "clean samples"));
    corpus.train = std::move(split.train);
    clean_samples_ = std::move(split.clean);
    if (e.defense_budget) {
      tuning_samples_ = take_share(clean_samples_, e.defense_budget->tuning_share,
                                   stream_of(subject, "tuning samples"));
    }
    fitting_samples_ = clean_samples_;
    threshold_samples_ = take_share(fitting_samples_, 0.5, stream_of(subject, "threshold samples"));
    poisonable_ = std::move(split.poisonable);
    std::vector<std::string> warnings = corpus.warnings;
    warnings.insert(warnings.end(), split.warnings.begin(), split.warnings.end());
    for (const std::string& warning : one_class_warnings(corpus, task)) {
      warnings.push_back(warning);
    }
    for (const std::string& warning : warnings) {
      progress_.log("warning: " + warning);
    }
    corpus_ = std::move(corpus);
  }
  return *corpus_;
}

const std::vector<Example>& Materials::clean_samples(const Subject& subject) {
  corpus(subject);
  return clean_samples_;
}

const std::vector<Example>& Materials::tuning_samples(const Subject& subject) {
  corpus(subject);
  return tuning_samples_;
}

const std::vector<Example>& Materials::fitting_samples(const Subject& subject) {
  corpus(subject);
  return fitting_samples_;
}

const std::vector<Example>& Materials::threshold_samples(const Subject& subject) {
  corpus(subject);
  return threshold_samples_;
}

const std::vector<bool>& Materials::poisonable(const Subject& subject) {
  corpus(subject);
  return poisonable_;
}

const Materials::Tokens& Materials::tokens(const std::string& name, const Subject& subject,
                                           const CodeModel& model,
                                           const std::vector<Example>& examples,
                                           Progress& progress) {
  const std::string key = read_by(model, name);
  if (const auto found = tokens_.find(key); found != tokens_.end()) {
    return found->second;
  }
  const TaskView view(plugins_.task(subject.task));
  Tokens result;
  result.reserve(examples.size());
  progress.begin("tokenising " + name, std::ssize(examples));
  for (const Example& example : examples) {
    progress.check();
    result.push_back(view.tokenize(model, example));
    progress.advance();
  }
  return tokens_.emplace(key, std::move(result)).first->second;
}

std::vector<TokenSample> Materials::train_tokens(const Subject& subject, const CodeModel& model,
                                                 const std::vector<Example>& train,
                                                 Progress& progress) {
  const std::vector<Example>& clean = corpus(subject).train;
  Tokens result = tokens("train", subject, model, clean, progress);
  const TaskView view(plugins_.task(subject.task));
  for (std::size_t i = 0; i < train.size(); ++i) {
    if (!(train[i] == clean[i])) {
      result[i] = view.tokenize(model, train[i]);
    }
  }
  return result;
}

const std::vector<TokenSample>& Materials::valid_tokens(const Subject& subject,
                                                        const CodeModel& model,
                                                        Progress& progress) {
  return tokens("valid", subject, model, corpus(subject).valid, progress);
}

const std::vector<TokenSample>& Materials::test_tokens(const Subject& subject,
                                                       const CodeModel& model, Progress& progress) {
  return tokens("test", subject, model, corpus(subject).test, progress);
}

const std::vector<TokenSample>& Materials::triggered_tokens(const Subject& subject,
                                                            std::size_t attack,
                                                            const CodeModel& model,
                                                            const std::vector<Example>& examples,
                                                            Progress& progress) {
  return tokens("triggered " + std::to_string(attack), subject, model, examples, progress);
}

}  // namespace ncmlab
