// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/data/bad_records.hpp"
#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Takes a record and its line; lines count from 1.
using JsonLineVisitor = std::function<void(const nlohmann::json& record, std::int64_t line)>;

/// Calls `visit` for each line of a JSONL file, plain or gzip (told by its first byte); blank lines
/// are passed over. Holds one line at a time in memory. Throws Error `data.*` with file and line
/// for what is no JSON object or no UTF-8, and for a gzip file that is damaged or cut off.
void for_each_json_line(const std::filesystem::path& file, const JsonLineVisitor& visit);

/// The same where a record that does not fit, or for which `visit` throws an Error, goes to `bad`.
/// A file that cannot be read to its end is an error all the same. Reading ends early where
/// `enough`, asked after each record, says so.
void for_each_json_line(const std::filesystem::path& file, BadRecords& bad,
                        const JsonLineVisitor& visit, const std::function<bool()>& enough = {});

/// Takes a line without the white space at its end, and its number from 1.
using TextLineVisitor = std::function<void(const std::string& text, std::int64_t line)>;

/// The same for a file of text lines that are no JSON.
void for_each_text_line(const std::filesystem::path& file, BadRecords& bad,
                        const TextLineVisitor& visit, const std::function<bool()>& enough = {});

/// The same for an open stream, which messages call `name`.
void for_each_json_line(std::istream& stream, const std::filesystem::path& name,
                        const JsonLineVisitor& visit);

/// A field of a record; throws Error `data.missing-field` or `data.wrong-type` with file and line.
const nlohmann::json& json_field(const nlohmann::json& record, const std::string& name,
                                 const std::filesystem::path& file, std::int64_t line);
std::string string_field(const nlohmann::json& record, const std::string& name,
                         const std::filesystem::path& file, std::int64_t line);
std::int64_t integer_field(const nlohmann::json& record, const std::string& name,
                           const std::filesystem::path& file, std::int64_t line);
/// A text or an integer, as text.
std::string id_field(const nlohmann::json& record, const std::string& name,
                     const std::filesystem::path& file, std::int64_t line);

/// Throws the Error with file and line, for a record whose values do not fit.
[[noreturn]] void fail_record(std::string code, std::string message,
                              const std::filesystem::path& file, std::int64_t line,
                              std::vector<std::string> help = {});

/// Throws Error `data.duplicate-id` with file and line.
[[noreturn]] void fail_duplicate(const std::string& id, const std::filesystem::path& file,
                                 std::int64_t line);

/// Throws Error `data.empty-file`, which says that `file` holds no `what`, where it `is_empty`.
void check_not_empty(bool is_empty, const std::filesystem::path& file, const std::string& what);

/// Throws Error `data.empty-text` unless the text of field `name` holds more than white space.
void check_has_text(std::string_view text, const std::string& name,
                    const std::filesystem::path& file, std::int64_t line);

/// Examples as JSONL, one object a line; read_examples() gives back equal examples.
void write_examples(const std::filesystem::path& file, const std::vector<Example>& examples);
std::vector<Example> read_examples(const std::filesystem::path& file);

}  // namespace ncmlab
