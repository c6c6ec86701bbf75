// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ncmlab/data/example.hpp"
#include "ncmlab/data/json_lines.hpp"
#include "shared_data.hpp"

namespace ncmlab {

/// Up to `count` functions of a JSONL file, evenly spaced, labelled 0 and 1 in turn. Their ids are
/// lines of the file.
inline std::vector<Example> real_functions(const std::filesystem::path& file, const char* field,
                                           Language language, std::size_t count) {
  std::vector<Example> all;
  for_each_json_line(file, [&](const nlohmann::json& record, std::int64_t line) {
    all.push_back({.id = std::to_string(line),
                   .code = string_field(record, field, file, line),
                   .label = 0,
                   .language = language});
  });
  std::vector<Example> chosen;
  const std::size_t step = std::max<std::size_t>(1, all.size() / count);
  for (std::size_t i = 0; i < all.size() && chosen.size() < count; i += step) {
    all[i].label = static_cast<std::int64_t>(chosen.size() % 2);
    chosen.push_back(std::move(all[i]));
  }
  return chosen;
}

}  // namespace ncmlab
