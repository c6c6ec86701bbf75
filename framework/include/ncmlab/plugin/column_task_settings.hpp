// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/bad_records.hpp"
#include "ncmlab/data/generated_corpus.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// The form of data: the data set's own, or JSONL with named columns.
enum class DataFormat { own, json_lines };

/// The settings of a ColumnTask. The plugin's config struct derives from it and adds
/// column_task_fields() to its schema.
struct ColumnTaskSettings {
  std::string data = "builtin";
  OnBadRecord on_bad_record = OnBadRecord::error;
  std::int64_t train_limit = 0;
  std::int64_t valid_limit = 0;
  std::int64_t test_limit = 0;
  bool fold_whitespace = true;
  DataFormat format = DataFormat::own;
  std::string code_column = "code";
  std::string other_code_column;  ///< the other function of a pair
  std::string query_column;       ///< what is searched for
  std::string label_column = "label";
  std::vector<std::string> label_values;
  std::string id_column;
  std::string language_column;
  Language language = Language::c;
  std::string split_column;
  std::int64_t builtin_train = 6000;
  std::int64_t builtin_valid = 400;
  std::int64_t builtin_test = 1000;
  std::int64_t max_tokens = 400;
};

/// What a ColumnTask brings besides JSONL with named columns: its data set's own form and a
/// generated corpus.
struct DataForm {
  std::string name;                      ///< of the data set's own form, as `format` calls it
  std::string folder;                    ///< `Folder of Devign in CodeXGLUE's form`
  std::string samples = "samples";       ///< what samples are called, in the plural
  std::vector<std::string> labels = {};  ///< the names of 0 and 1; empty in retrieval
  /// The column of what a sample holds beside its function, where there is such: its parameter,
  /// what that says, and the setting.
  std::string second_column = {}, second_doc = {};
  std::string ColumnTaskSettings::*second = nullptr;
  CorpusSizes largest;  ///< of the generated corpus

  Corpus (*generate)(const CorpusSizes& sizes, const Rng& rng);
  /// The files that read() reads, in a fixed order. Throws Error `data.missing-file`.
  std::vector<std::filesystem::path> (*files)(const std::filesystem::path& folder);
  /// Reads so many records of each split (see Quota); 0: all. Throws Error `data.*` with file and
  /// line, unless `bad` skips records that do not fit: then the corpus says so among its warnings.
  Corpus (*read)(const std::filesystem::path& folder, BadRecords bad, std::int64_t records);
  /// Writes to `folder`. `source` is what the corpus was read from, whose other fields are kept;
  /// empty: it was generated.
  void (*write)(const Corpus& corpus, const std::filesystem::path& folder,
                const std::filesystem::path& source);
};

template <std::derived_from<ColumnTaskSettings> Config>
Schema<Config> column_task_fields(const DataForm& form) {
  const std::string& samples = form.samples;
  const auto limit_doc = [](const std::string& split) {
    return "Size of a random subset of the " + split + " split; 0 takes all of it.";
  };
  const auto largest = [](std::int64_t size) { return static_cast<double>(size); };
  auto schema =
      Schema<Config>{}
          .field("data", &Config::data,
                 form.folder + ", file or folder of JSONL, or `builtin` for the generated corpus.",
                 path({"builtin"}))
          .field("on_bad_record", &Config::on_bad_record,
                 "What becomes of records that do not fit: the first ends the run, or they are "
                 "skipped and counted.")
          .field("train_limit", &Config::train_limit, limit_doc("training"), at_least(0),
                 unit(samples))
          .field("valid_limit", &Config::valid_limit, limit_doc("validation"), at_least(0),
                 unit(samples))
          .field("test_limit", &Config::test_limit, limit_doc("test"), at_least(0), unit(samples))
          .field("fold_whitespace", &Config::fold_whitespace,
                 "Fold runs of white space to one blank before tokenising, as CodeXGLUE does.")
          .field("format", &Config::format,
                 "What `data` holds: `" + form.name +
                     "`, or `json_lines` for JSONL with columns of any name.",
                 {{DataFormat::own, form.name}, {DataFormat::json_lines, "json_lines"}})
          .field("code_column", &Config::code_column, "Column of the function (`json_lines`).",
                 only_where("format", "json_lines"))
          .field("id_column", &Config::id_column,
                 "Column of a text or integer that names the sample; empty for file and line "
                 "(`json_lines`).",
                 only_where("format", "json_lines"))
          .field("language_column", &Config::language_column,
                 "Column of the language; empty where all functions are in `language` "
                 "(`json_lines`).",
                 only_where("format", "json_lines"))
          .field("language", &Config::language, "Language of all functions (`json_lines`).",
                 only_where("format", "json_lines"))
          .field("split_column", &Config::split_column,
                 "Column that says `train`, `valid` or `test`, for data in one file; empty to part "
                 "it by a hash of the id (`json_lines`).",
                 only_where("format", "json_lines"));
  if (!form.labels.empty()) {
    std::move(schema)
        .field("label_column", &Config::label_column, "Column of the label (`json_lines`).",
               only_where("format", "json_lines"))
        .field("label_values", &Config::label_values,
               "How the data spells `" + form.labels.at(0) + "` and `" + form.labels.at(1) +
                   "`, in this order; empty for the integers 0 and 1 (`json_lines`).",
               only_where("format", "json_lines"));
  }
  if (!form.second_column.empty()) {
    std::move(schema).field(form.second_column, form.second, form.second_doc);
  }
  return std::move(schema)
      .field("builtin_train", &Config::builtin_train,
             "Training " + samples + " of the generated corpus.",
             range(2, largest(form.largest.train)), unit(samples))
      .field("builtin_valid", &Config::builtin_valid,
             "Validation " + samples + " of the generated corpus.",
             range(0, largest(form.largest.valid)), unit(samples))
      .field("builtin_test", &Config::builtin_test, "Test " + samples + " of the generated corpus.",
             range(2, largest(form.largest.test)), unit(samples));
}

}  // namespace ncmlab
