// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ncmlab/data/column_reader.hpp"
#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Turns records of one file into examples. Throws Error `data.*` with file and line.
class RecordReader {
 public:
  /// Both must outlive the reader.
  RecordReader(const std::filesystem::path& file, const ColumnMapping& columns)
      : file_(file), columns_(columns) {}

  Example example(const nlohmann::json& record, std::int64_t line) const;
  std::string id(const nlohmann::json& record, std::int64_t line) const;
  /// The list of `corpus` that the record belongs to; null without a split column.
  std::vector<Example>* split(const nlohmann::json& record, std::int64_t line,
                              Corpus& corpus) const;
  std::int64_t label(const nlohmann::json& record, std::int64_t line) const;

 private:
  std::string text(const std::string& column, const nlohmann::json& record,
                   std::int64_t line) const;
  [[noreturn]] void fail_label(const std::string& expected, const std::string& found,
                               std::int64_t line) const;
  Language language(const nlohmann::json& record, std::int64_t line) const;

  const std::filesystem::path& file_;
  const ColumnMapping& columns_;
};

}  // namespace ncmlab
