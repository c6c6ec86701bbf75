// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/column_task.hpp"

#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/data/column_reader.hpp"
#include "ncmlab/data/column_writer.hpp"
#include "ncmlab/data/subset.hpp"

namespace ncmlab {
namespace {

bool is_builtin(const ColumnTaskSettings& settings) { return settings.data == "builtin"; }
bool is_json_lines(const ColumnTaskSettings& settings) {
  return settings.format == DataFormat::json_lines;
}

/// Labels are below 2.
ColumnMapping columns_of(const ColumnTaskSettings& settings) {
  return {.code = settings.code_column,
          .other_code = settings.other_code_column,
          .query = settings.query_column,
          .label = settings.label_column,
          .id = settings.id_column,
          .split = settings.split_column,
          .language = settings.language_column,
          .default_language = settings.language,
          .label_values = settings.label_values};
}

}  // namespace

ColumnTask::ColumnTask(const ColumnTaskSettings& settings, const DataForm& form)
    : settings_(settings), form_(form) {
  if (!settings_.label_values.empty() && settings_.label_values.size() != 2) {
    throw Error("plugin.bad-setting", "`label_values` should name two labels, found " +
                                          std::to_string(settings_.label_values.size()));
  }
}

Corpus ColumnTask::read(std::int64_t records) const {
  BadRecords bad(settings_.on_bad_record);
  return is_json_lines(settings_)
             ? read_json_lines(settings_.data, columns_of(settings_), std::move(bad), records)
             : form_.read(settings_.data, std::move(bad), records);
}

Corpus ColumnTask::load(const Rng& rng) const {
  Corpus corpus = is_builtin(settings_) ? form_.generate({.train = settings_.builtin_train,
                                                          .valid = settings_.builtin_valid,
                                                          .test = settings_.builtin_test},
                                                         rng.stream("builtin corpus"))
                                        : read(0);
  keep_at_most(corpus.train, settings_.train_limit, rng.stream("train subset"));
  keep_at_most(corpus.valid, settings_.valid_limit, rng.stream("valid subset"));
  keep_at_most(corpus.test, settings_.test_limit, rng.stream("test subset"));
  return corpus;
}

Corpus ColumnTask::peek(std::int64_t records) const {
  return is_builtin(settings_) ? Corpus{} : read(records);
}

std::string ColumnTask::data_fingerprint() const {
  if (is_builtin(settings_)) {
    return {};
  }
  Hasher hasher;
  for (const std::filesystem::path& file :
       is_json_lines(settings_) ? json_lines_files(settings_.data) : form_.files(settings_.data)) {
    hasher.field(file.filename().string()).field(hash_file(file));
  }
  return hasher.hex();
}

void ColumnTask::write(const Corpus& corpus, const std::filesystem::path& folder) const {
  const std::filesystem::path source = is_builtin(settings_) ? "" : settings_.data;
  if (is_json_lines(settings_)) {
    write_json_lines(corpus, columns_of(settings_), source, folder);
  } else {
    form_.write(corpus, folder, source);
  }
}

InputRules ColumnTask::input_rules() const {
  return {.fold_whitespace = settings_.fold_whitespace, .max_tokens = settings_.max_tokens};
}

}  // namespace ncmlab
