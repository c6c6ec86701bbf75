// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/column_reader.hpp"
#include "ncmlab/plugin/task_data.hpp"

namespace ncmlab {

/// The form of the data: the data set's own, or JSONL.
enum class DataForm { own, json_lines };

/// TaskData of a task that reads, besides a data set's own form, any JSONL whose columns the
/// experiment names. The plugin's config struct derives from it and adds the fields below to its
/// schema.
struct TaskColumns : TaskData {
  DataForm format = DataForm::own;
  std::string code_column = "code";
  std::string second_column;  ///< the other function, or the query
  std::string label_column = "label";
  std::vector<std::string> label_values;
  std::string id_column;
  std::string language_column;
  Language language = Language::c;
  std::string split_column;

  /// Labels are below 2.
  ColumnMapping columns() const;
};

/// `own_format` is what the data set's own form is called.
template <std::derived_from<TaskColumns> Config>
Schema<Config> column_fields(Schema<Config>&& schema, const std::string& own_format) {
  return std::move(schema)
      .field("format", &Config::format,
             "What `data` holds: `" + own_format +
                 "`, or `json_lines` for JSONL with columns of any name.",
             {{DataForm::own, own_format}, {DataForm::json_lines, "json_lines"}})
      .field("code_column", &Config::code_column, "Column of the function (`json_lines`).",
             only_where("format", "json_lines"))
      .field("id_column", &Config::id_column,
             "Column of a text or integer that names the sample; empty for file and line "
             "(`json_lines`).",
             only_where("format", "json_lines"))
      .field("language_column", &Config::language_column,
             "Column of the language; empty where all functions are in `language` (`json_lines`).",
             only_where("format", "json_lines"))
      .field("language", &Config::language, "Language of all functions (`json_lines`).",
             only_where("format", "json_lines"))
      .field("split_column", &Config::split_column,
             "Column that says `train`, `valid` or `test`, for data in one file; empty to part it "
             "by a hash of the id (`json_lines`).",
             only_where("format", "json_lines"));
}

/// The columns of a classifier's label, of which 0 is called `names[0]` and 1 `names[1]`.
template <std::derived_from<TaskColumns> Config>
Schema<Config> label_fields(Schema<Config>&& schema, const std::vector<std::string>& names) {
  return std::move(schema)
      .field("label_column", &Config::label_column, "Column of the label (`json_lines`).",
             only_where("format", "json_lines"))
      .field("label_values", &Config::label_values,
             "How the data spells `" + names.at(0) + "` and `" + names.at(1) +
                 "`, in this order; empty for the integers 0 and 1 (`json_lines`).",
             only_where("format", "json_lines"));
}

/// Throws Error `plugin.bad-setting` unless `label_values` is empty or names two labels.
void check_label_values(const TaskColumns& settings);

/// What a task adds to JSONL with named columns: its generated corpus and the data set's own form.
struct CorpusSources {
  std::function<Corpus(const Rng&)> generate;
  std::function<std::vector<std::filesystem::path>(const std::filesystem::path&)> files;
  /// Reads these files, or so many records of each split (see Quota).
  std::function<Corpus(const std::filesystem::path&, BadRecords, std::int64_t records)> read;
};

/// Task::load(): the corpus that `settings` names, each split cut to its limit. The generated
/// corpus and the cuts are drawn from streams of `rng`. Throws what the readers throw.
Corpus load_corpus(const TaskColumns& settings, const CorpusSources& sources, const Rng& rng);

/// Task::peek().
Corpus peek_corpus(const TaskColumns& settings, const CorpusSources& sources, std::int64_t records);

/// Writes a corpus in the data set's own form to a folder. `source` is what it was read from, whose
/// other fields are kept; empty: it was generated.
using CorpusWriter = std::function<void(const Corpus& corpus, const std::filesystem::path& folder,
                                        const std::filesystem::path& source)>;

/// TaskWriter::write(): in the form, with the columns and the other fields of what was read.
void write_corpus(const TaskColumns& settings, const CorpusWriter& own_form, const Corpus& corpus,
                  const std::filesystem::path& folder);

/// Task::data_fingerprint(): a hash over the names and contents of the files that load_corpus()
/// reads; empty for the generated corpus.
std::string corpus_fingerprint(const TaskColumns& settings, const CorpusSources& sources);

}  // namespace ncmlab
