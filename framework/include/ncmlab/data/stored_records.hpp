// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// The records that a corpus was read from, by split and by the id of the sample, so that it can be
/// written with all their fields.
class StoredRecords {
 public:
  /// The id of the sample that the reader makes of a record.
  using IdOf = std::function<std::string(const nlohmann::json& record, std::int64_t line)>;

  /// Adds the records of a JSONL file; those that do not fit are passed over. Records of a single
  /// file for all splits are those of `train`.
  void read(const std::filesystem::path& file, std::string_view split, const IdOf& id_of);
  /// The record of a sample of `split`, or an empty object. A validation split that was taken from
  /// the training split is found there.
  nlohmann::json find(std::string_view split, const std::string& id) const;

 private:
  std::unordered_map<std::string, std::string> lines_;  ///< by `split/id`
};

/// The record of a sample, which stands at `position` in `split`.
using RecordOf = std::function<nlohmann::json(const Example& example, std::string_view split,
                                              std::size_t position)>;

/// The line of a sample, without its end.
using LineOf = std::function<std::string(const Example& example, std::string_view split,
                                         std::size_t position)>;

/// Writes `train`, `valid` and `test` with the `ending`, those of the splits that are not empty, a
/// line for each sample. Throws Error `io.write`.
void write_splits(const Corpus& corpus, const std::filesystem::path& folder,
                  const std::string& ending, const LineOf& line_of);

/// Writes `train.jsonl`, `valid.jsonl` and `test.jsonl` of the splits that are not empty, a record
/// for each sample. Throws Error `io.write`.
void write_splits(const Corpus& corpus, const std::filesystem::path& folder,
                  const RecordOf& record_of);

}  // namespace ncmlab
