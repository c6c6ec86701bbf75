// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Calls `visit(record, line)` for each line of a JSONL file (lines count from 1, blank lines
/// are passed over). Throws Error `data.*` with file and line for what is no JSON object or no
/// UTF-8.
void for_each_json_line(
    const std::filesystem::path& file,
    const std::function<void(const nlohmann::json& record, std::int64_t line)>& visit);

/// A field of a record; throws Error `data.missing-field` or `data.wrong-type` with file and line.
std::string string_field(const nlohmann::json& record, const char* name,
                         const std::filesystem::path& file, std::int64_t line);
std::int64_t integer_field(const nlohmann::json& record, const char* name,
                           const std::filesystem::path& file, std::int64_t line);

/// Examples as JSONL, one object a line; read_examples() gives back equal examples.
void write_examples(const std::filesystem::path& file, const std::vector<Example>& examples);
std::vector<Example> read_examples(const std::filesystem::path& file);

}  // namespace ncmlab
