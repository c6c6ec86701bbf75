// SPDX-License-Identifier: Apache-2.0
#include "data/record_reader.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ncmlab/core/wording.hpp"
#include "ncmlab/data/json_lines.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// The value as JSON, cut where it is long.
std::string shortened(const json& value) {
  constexpr std::size_t kLongest = 60;
  const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() > kLongest ? text.substr(0, kLongest) + "..." : text;
}

}  // namespace

Example RecordReader::example(const json& record, std::int64_t line) const {
  Example example;
  example.id = id(record, line);
  example.code = text(columns_.code, record, line);
  if (!columns_.other_code.empty()) {
    example.other_code = text(columns_.other_code, record, line);
  }
  if (!columns_.query.empty()) {
    example.query = text(columns_.query, record, line);
  }
  example.label = label(record, line);
  example.language = language(record, line);
  return example;
}

std::vector<Example>* RecordReader::split(const json& record, std::int64_t line,
                                          Corpus& corpus) const {
  if (columns_.split.empty()) {
    return nullptr;
  }
  const std::string name = string_field(record, columns_.split, file_, line);
  for (const auto& [known, examples] : named_splits(corpus)) {
    if (name == known) {
      return examples;
    }
  }
  fail_record(
      "data.unknown-split",
      "field `" + columns_.split + "`: expected `train`, `valid` or `test`, found `" + name + "`",
      file_, line);
}

std::string RecordReader::text(const std::string& column, const json& record,
                               std::int64_t line) const {
  std::string text = string_field(record, column, file_, line);
  check_has_text(text, column, file_, line);
  return text;
}

std::string RecordReader::id(const json& record, std::int64_t line) const {
  if (columns_.id.empty()) {
    return file_.filename().string() + ":" + std::to_string(line);
  }
  return id_field(record, columns_.id, file_, line);
}

std::int64_t RecordReader::label(const json& record, std::int64_t line) const {
  if (columns_.label.empty()) {
    return 0;
  }
  const json& value = json_field(record, columns_.label, file_, line);
  if (columns_.label_values.empty()) {
    if (value.is_string() || value.is_boolean() || value.is_number_float()) {
      fail_record("data.wrong-type",
                  "field `" + columns_.label + "`: expected an integer, found " + shortened(value),
                  file_, line,
                  {"list in `label_values` how the data spells the labels 0, 1, ..., for example "
                   "`label_values = [\"no\", \"yes\"]`"});
    }
    const std::int64_t label = integer_field(record, columns_.label, file_, line);
    if (label < 0 || label >= columns_.classes) {
      fail_label("0 to " + std::to_string(columns_.classes - 1), std::to_string(label), line);
    }
    return label;
  }
  const std::string text = value.is_string() ? value.get<std::string>() : shortened(value);
  const auto& known = columns_.label_values;
  const auto found = std::find(known.begin(), known.end(), text);
  if (found == known.end()) {
    fail_label(ticked_list(known), "`" + text + "`", line);
  }
  return found - known.begin();
}

void RecordReader::fail_label(const std::string& expected, const std::string& found,
                              std::int64_t line) const {
  fail_record("data.bad-label",
              "field `" + columns_.label + "`: expected " + expected + ", found " + found, file_,
              line);
}

Language RecordReader::language(const json& record, std::int64_t line) const {
  if (columns_.language.empty()) {
    return columns_.default_language;
  }
  const std::string name = string_field(record, columns_.language, file_, line);
  const auto known = from_string<Language>(name);
  if (!known) {
    fail_record("data.unknown-language",
                "field `" + columns_.language + "`: expected " + listed_names<Language>() +
                    ", found `" + name + "`",
                file_, line);
  }
  return *known;
}

}  // namespace ncmlab
