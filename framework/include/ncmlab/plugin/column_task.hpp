// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/plugin/column_task_settings.hpp"
#include "ncmlab/plugin/task.hpp"
#include "ncmlab/plugin/task_writer.hpp"

namespace ncmlab {

/// A task that reads a data set in its own form, any JSONL whose columns the experiment names, or a
/// corpus that it generates, and writes what it has read in the same form. A derived class says
/// what a sample is to a model, and adds `max_tokens` to its schema.
class ColumnTask : public Task, public TaskWriter {
 public:
  /// Each split is cut to its limit. The generated corpus and the cuts are drawn from streams of
  /// `rng`. Throws what the form's functions throw.
  Corpus load(const Rng& rng) const final;
  Corpus peek(std::int64_t records) const final;
  std::string data_fingerprint() const final;
  void write(const Corpus& corpus, const std::filesystem::path& folder) const override;

  std::vector<std::string> label_names() const final { return form_.labels; }
  /// 1 where there are labels.
  std::int64_t positive_label() const override { return form_.labels.empty() ? 0 : 1; }
  InputRules input_rules() const override;

 protected:
  /// `form` must outlive the task. Throws Error `plugin.bad-setting` unless `label_values` is empty
  /// or names two labels.
  ColumnTask(const ColumnTaskSettings& settings, const DataForm& form);

  const ColumnTaskSettings& settings() const { return settings_; }

 private:
  Corpus read(std::int64_t records) const;

  ColumnTaskSettings settings_;
  const DataForm& form_;
};

}  // namespace ncmlab
