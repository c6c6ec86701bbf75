// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/data/task_kind.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/plugin.hpp"

namespace ncmlab {

/// Reads a data set and says how an Example becomes a model's input.
class Task : public Plugin {
 public:
  ~Task() override;

  virtual TaskKind kind() const { return TaskKind::classification; }
  /// The splits. Same settings, files and seed: the same corpus. Throws Error `data.*`.
  virtual Corpus load(const Rng& rng) const = 0;
  /// What load() would make of the first records of each split, for a look before any work: at
  /// least `records` of them where there are so many, and as many more as it takes to meet a second
  /// label; 0: all. Nothing is drawn at random, no limit is applied. Throws what load() would throw
  /// for what it reads. Empty where there is nothing to read. By default
  /// empty, after data_fingerprint() has thrown for what is missing.
  virtual Corpus peek(std::int64_t records) const;
  /// Changes whenever a file that load() reads changes; empty when it reads none. Throws Error
  /// `data.*` when a file is missing.
  virtual std::string data_fingerprint() const = 0;
  /// Names of the labels 0, 1, ...; empty in retrieval, where all labels are 0.
  virtual std::vector<std::string> label_names() const = 0;
  /// The label that precision, recall and F1 are about, and the default victim label of an attack.
  virtual std::int64_t positive_label() const = 0;
  /// Retrieval: the word that an attack targets unless the experiment names another.
  virtual std::string target_word() const { return {}; }
  /// Retrieval: how many functions of the test split a query is ranked against; 0: all of them.
  virtual std::int64_t pool_size() const { return 0; }
  virtual InputRules input_rules() const = 0;
  /// The head of a fresh model; `hidden` is left 0.
  virtual HeadShape head_shape() const = 0;
  /// The texts that the encoder reads for one sample, head_shape().inputs of them. Pairs: `code`,
  /// then `other_code`; retrieval: `query`, then `code`.
  virtual std::vector<std::string> parts(const Example& example) const = 0;
};

/// What an attack or a defense may know of a task: how a sample becomes input and what the labels
/// are called, not where the data is.
class TaskView {
 public:
  explicit TaskView(const Task& task) : task_(&task) {}

  TaskKind kind() const { return task_->kind(); }
  std::vector<std::string> label_names() const { return task_->label_names(); }
  InputRules input_rules() const { return task_->input_rules(); }
  HeadShape head_shape() const { return task_->head_shape(); }
  std::vector<std::string> parts(const Example& example) const { return task_->parts(example); }
  /// The sample as `model` reads it.
  TokenSample tokenize(const CodeModel& model, const Example& example) const;
  /// The same with the bytes of parts(example) that each token covers.
  TokenSample tokenize_with_ranges(const CodeModel& model, const Example& example) const;
  std::vector<TokenSample> tokenize(const CodeModel& model,
                                    const std::vector<Example>& examples) const;

 private:
  const Task* task_;
};

}  // namespace ncmlab
