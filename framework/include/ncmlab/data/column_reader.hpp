// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ncmlab/data/bad_records.hpp"
#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Which columns (fields of a record) of a user's own JSONL hold what. An empty name means that
/// there is no such column.
struct ColumnMapping {
  std::string code = "code";
  std::string other_code;                   ///< the other function of a pair
  std::string query;                        ///< what is searched for
  std::string label = "label";              ///< without it every label is 0
  std::string id;                           ///< text or integer; without it, file name and line
  std::string split;                        ///< `train`, `valid` or `test`; for data in one file
  std::string language;                     ///< `c`, `cpp`, `java` or `python`
  Language default_language = Language::c;  ///< where there is no language column
  /// How the labels 0, 1, ... are spelled in the data (numbers and truth values as JSON spells
  /// them); empty: as the integers 0, 1, ...
  std::vector<std::string> label_values;
  std::int64_t classes = 2;  ///< labels are below it
};

/// The files of a data set in a fixed order: `data` itself if it is a file, else `train`, `valid`
/// (may be missing) and `test` in it, each as `.jsonl` or `.jsonl.gz`. Throws Error
/// `data.missing-file`.
std::vector<std::filesystem::path> json_lines_files(const std::filesystem::path& data);

/// Reads them. Without a validation split, a tenth of the training examples becomes one; a single
/// file without a split column is parted 8 : 1 : 1. Both go by a hash of the id alone. Throws Error
/// `data.*` with file and line, unless `bad` skips such records: then the corpus says so among its
/// warnings. With `records`, only that many of each file are read (see Quota).
Corpus read_json_lines(const std::filesystem::path& data, const ColumnMapping& columns,
                       BadRecords bad, std::int64_t records = 0);

/// `NAME.jsonl` or `NAME.jsonl.gz` in `folder`; nothing if it is not there.
std::vector<std::filesystem::path> json_lines_file(const std::filesystem::path& folder,
                                                   const std::string& name);

/// What a reader ends with. Without a validation split, a tenth of the training split becomes one,
/// chosen by a hash of the id, so that it is the same for every seed. What `bad` has to say becomes
/// a warning.
Corpus finished_corpus(Corpus corpus, const BadRecords& bad);

}  // namespace ncmlab
