// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "ncmlab/core/files.hpp"

namespace ncmlab {

/// The records of a JSONL file.
inline std::vector<nlohmann::json> json_records(const std::filesystem::path& file) {
  std::vector<nlohmann::json> records;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    records.push_back(nlohmann::json::parse(line));
  }
  return records;
}

}  // namespace ncmlab
