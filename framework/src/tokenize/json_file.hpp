// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab::bpe {

/// Names of members and indices of elements from the root of a JSON document to a value.
using JsonPath = std::vector<std::string>;

/// A JSON document that remembers its text, so that errors name line and column.
class JsonFile {
 public:
  /// Throws Error `io.read`, or `tokenizer.bad-json` for what is no JSON object, holds a key
  /// twice or is nested more than 64 levels deep.
  explicit JsonFile(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  const nlohmann::json& root() const { return root_; }
  /// Throws Error that points at the value.
  [[noreturn]] void fail(const JsonPath& at, const std::string& code, const std::string& message,
                         std::vector<std::string> help = {}) const;

 private:
  [[noreturn]] void fail_at_byte(std::size_t begin, std::size_t end, const std::string& code,
                                 const std::string& message, std::vector<std::string> help) const;
  std::filesystem::path path_;
  std::string text_;
  nlohmann::json root_;
};

/// One value of a JsonFile; the accessors throw Error `tokenizer.bad-field` with its place.
class JsonValue {
 public:
  explicit JsonValue(const JsonFile& file) : JsonValue(file, file.root(), {}) {}

  bool is_null() const { return value_->is_null(); }
  bool is_string() const { return value_->is_string(); }
  const nlohmann::json& json() const { return *value_; }
  const JsonPath& path() const { return path_; }
  std::string name() const { return path_.empty() ? "the document" : "`" + path_.back() + "`"; }

  /// The member, unless it is absent or null.
  std::optional<JsonValue> find(const std::string& key) const;
  JsonValue at(const std::string& key) const;
  std::vector<JsonValue> elements() const;

  std::string text() const;
  std::string text_or(const std::string& key, const std::string& fallback) const;
  bool flag_or(const std::string& key, bool fallback) const;
  std::int64_t integer() const;

  [[noreturn]] void fail(const std::string& code, const std::string& message,
                         std::vector<std::string> help = {}) const {
    file_->fail(path_, code, message, std::move(help));
  }
  /// Fails with `expected` and the kind of what was found.
  [[noreturn]] void fail_type(const std::string& expected) const;

 private:
  JsonValue(const JsonFile& file, const nlohmann::json& value, JsonPath path)
      : file_(&file), value_(&value), path_(std::move(path)) {}

  const JsonFile* file_;
  const nlohmann::json* value_;
  JsonPath path_;
};

/// The place of bytes [begin, end) of a text; the line itself only if it is short.
Span span_in(const std::filesystem::path& file, std::string_view text, std::size_t begin,
             std::size_t end);

}  // namespace ncmlab::bpe
