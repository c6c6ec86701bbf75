// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <string>

#include "ncmlab/data/bad_records.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// The settings of a task plugin that say which data it reads and how much of it. The plugin's
/// config struct derives from it; task_data_fields() adds them to its schema.
struct TaskData {
  std::string data = "builtin";
  OnBadRecord on_bad_record = OnBadRecord::error;
  std::int64_t train_limit = 0;
  std::int64_t valid_limit = 0;
  std::int64_t test_limit = 0;
  bool fold_whitespace = true;
};

/// `data_doc` describes the parameter `data`; `samples` is what a sample is called, in the plural.
template <std::derived_from<TaskData> Config>
Schema<Config> task_data_fields(Schema<Config>&& schema, const char* data_doc,
                                const char* samples) {
  return std::move(schema)
      .field("data", &Config::data, data_doc, path({"builtin"}))
      .field("on_bad_record", &Config::on_bad_record,
             "What becomes of records that do not fit: the first ends the run, or they are skipped "
             "and counted.")
      .field("train_limit", &Config::train_limit,
             "Size of a random subset of the training split; 0 takes all of it.", at_least(0),
             unit(samples))
      .field("valid_limit", &Config::valid_limit,
             "Size of a random subset of the validation split; 0 takes all of it.", at_least(0),
             unit(samples))
      .field("test_limit", &Config::test_limit,
             "Size of a random subset of the test split; 0 takes all of it.", at_least(0),
             unit(samples))
      .field("fold_whitespace", &Config::fold_whitespace,
             "Fold runs of white space to one blank before tokenising, as CodeXGLUE does.");
}

}  // namespace ncmlab
