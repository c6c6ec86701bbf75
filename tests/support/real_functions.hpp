// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ncmlab/data/example.hpp"
#include "shared_data.hpp"

namespace ncmlab {

/// The first functions of a data set, labelled in turn.
inline std::vector<Example> real_functions(const std::filesystem::path& file, const char* field,
                                           Language language, std::size_t count) {
  std::vector<Example> examples;
  std::ifstream stream(file);
  for (std::string line; examples.size() < count && std::getline(stream, line);) {
    Example example;
    example.id = std::to_string(examples.size());
    example.code = nlohmann::json::parse(line).at(field).get<std::string>();
    example.label = static_cast<std::int64_t>(examples.size() % 2);
    example.language = language;
    examples.push_back(std::move(example));
  }
  return examples;
}

}  // namespace ncmlab
