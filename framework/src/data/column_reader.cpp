// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/column_reader.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "ncmlab/core/hash.hpp"
#include "ncmlab/data/json_lines.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kParts = 10;

std::uint64_t part_of(const Example& example) { return hash64(example.id) % kParts; }

std::string quoted_list(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    text += (text.empty() ? "`" : ", `") + value + "`";
  }
  return text;
}

/// `train`, `valid` or `test` of a folder; nothing if it is not there.
std::vector<fs::path> split_file(const fs::path& folder, const std::string& split) {
  for (const char* ending : {".jsonl", ".jsonl.gz"}) {
    if (const fs::path file = folder / (split + ending); fs::is_regular_file(file)) {
      return {file};
    }
  }
  return {};
}

/// Turns records of one file into examples.
class RecordReader {
 public:
  RecordReader(const fs::path& file, const ColumnMapping& columns)
      : file_(file), columns_(columns) {}

  Example example(const json& record, std::int64_t line) const {
    Example example;
    example.id = id(record, line);
    example.code = string_field(record, columns_.code, file_, line);
    if (!columns_.second.empty()) {
      example.second = string_field(record, columns_.second, file_, line);
    }
    example.label = label(record, line);
    example.language = language(record, line);
    return example;
  }

  /// The list of `corpus` that the record belongs to; null without a split column.
  std::vector<Example>* split(const json& record, std::int64_t line, Corpus& corpus) const {
    if (columns_.split.empty()) {
      return nullptr;
    }
    const std::string name = string_field(record, columns_.split, file_, line);
    const std::array<std::pair<const char*, std::vector<Example>*>, 3> splits = {
        {{"train", &corpus.train}, {"valid", &corpus.valid}, {"test", &corpus.test}}};
    for (const auto& [known, examples] : splits) {
      if (name == known) {
        return examples;
      }
    }
    fail_record(
        "data.unknown-split",
        "field `" + columns_.split + "`: expected `train`, `valid` or `test`, found `" + name + "`",
        file_, line);
  }

 private:
  std::string id(const json& record, std::int64_t line) const {
    if (columns_.id.empty()) {
      return file_.filename().string() + ":" + std::to_string(line);
    }
    const json& value = json_field(record, columns_.id, file_, line);
    if (value.is_number_integer()) {
      return value.dump();
    }
    return string_field(record, columns_.id, file_, line);
  }

  std::int64_t label(const json& record, std::int64_t line) const {
    if (columns_.label.empty()) {
      return 0;
    }
    const json& value = json_field(record, columns_.label, file_, line);
    if (columns_.label_values.empty()) {
      if (value.is_string() || value.is_boolean()) {
        fail_record("data.wrong-type",
                    "field `" + columns_.label + "`: expected an integer, found " + value.dump(),
                    file_, line, {"list in `label_values` how the labels 0, 1, ... are spelled"});
      }
      const std::int64_t label = integer_field(record, columns_.label, file_, line);
      if (label < 0 || label >= columns_.classes) {
        fail_label("0 to " + std::to_string(columns_.classes - 1), std::to_string(label), line);
      }
      return label;
    }
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    const auto& known = columns_.label_values;
    const auto found = std::find(known.begin(), known.end(), text);
    if (found == known.end()) {
      fail_label(quoted_list(known), "`" + text + "`", line);
    }
    return found - known.begin();
  }

  [[noreturn]] void fail_label(const std::string& expected, const std::string& found,
                               std::int64_t line) const {
    fail_record("data.bad-label",
                "field `" + columns_.label + "`: expected " + expected + ", found " + found, file_,
                line);
  }

  Language language(const json& record, std::int64_t line) const {
    if (columns_.language.empty()) {
      return columns_.default_language;
    }
    const std::string name = string_field(record, columns_.language, file_, line);
    const auto known = language_from_string(name);
    if (!known) {
      fail_record("data.unknown-language",
                  "field `" + columns_.language +
                      "`: expected `c`, `cpp`, `java` or `python`, found `" + name + "`",
                  file_, line);
    }
    return *known;
  }

  const fs::path& file_;
  const ColumnMapping& columns_;
};

/// Reads one file; `fallback` takes the examples that no split column places.
void read_file_into(const fs::path& file, const ColumnMapping& columns, BadRecords& bad,
                    Corpus& corpus, std::vector<Example>& fallback) {
  const RecordReader reader(file, columns);
  std::unordered_set<std::string> seen;
  std::int64_t read = 0;
  for_each_json_line(file, bad, [&](const json& record, std::int64_t line) {
    Example example = reader.example(record, line);
    std::vector<Example>* split = reader.split(record, line, corpus);
    if (!seen.insert(example.id).second) {
      fail_record("data.duplicate-id", "the id `" + example.id + "` occurs twice", file, line);
    }
    (split != nullptr ? *split : fallback).push_back(std::move(example));
    ++read;
  });
  if (read == 0) {
    throw Error("data.empty-file", "`" + file.string() + "` holds no " +
                                       (bad.count() > 0 ? "record that fits" : "record"));
  }
}

void part_by_id(std::vector<Example> examples, Corpus& corpus) {
  for (Example& example : examples) {
    const std::uint64_t part = part_of(example);
    (part == 0   ? corpus.valid
     : part == 1 ? corpus.test
                 : corpus.train)
        .push_back(std::move(example));
  }
}

}  // namespace

std::vector<fs::path> json_lines_files(const fs::path& data) {
  if (fs::is_regular_file(data)) {
    return {data};
  }
  std::vector<fs::path> files;
  for (const std::string split : {"train", "valid", "test"}) {
    const std::vector<fs::path> found = split_file(data, split);
    if (found.empty() && split != "valid") {
      throw Error("data.missing-file",
                  "no data in `" + data.string() + "`: expected a JSONL file, or a folder with `" +
                      split + ".jsonl` or `" + split + ".jsonl.gz` in it",
                  {"set the task's parameter `data` to the file or folder"});
    }
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

void hold_out_tenth(std::vector<Example>& train, std::vector<Example>& valid) {
  std::vector<Example> kept;
  kept.reserve(train.size());
  for (Example& example : train) {
    (part_of(example) == 0 ? valid : kept).push_back(std::move(example));
  }
  train = std::move(kept);
}

Corpus read_json_lines(const fs::path& data, const ColumnMapping& columns, BadRecords bad) {
  const std::vector<fs::path> files = json_lines_files(data);
  Corpus corpus;
  if (files.size() == 1) {
    std::vector<Example> unplaced;
    read_file_into(files[0], columns, bad, corpus, unplaced);
    part_by_id(std::move(unplaced), corpus);
  } else {
    ColumnMapping per_split = columns;
    per_split.split.clear();
    read_file_into(files.front(), per_split, bad, corpus, corpus.train);
    read_file_into(files.back(), per_split, bad, corpus, corpus.test);
    if (files.size() == 3) {
      read_file_into(files[1], per_split, bad, corpus, corpus.valid);
    }
  }
  if (corpus.valid.empty()) {
    hold_out_tenth(corpus.train, corpus.valid);
  }
  if (const auto summary = bad.summary()) {
    corpus.warnings.push_back(*summary);
  }
  return corpus;
}

}  // namespace ncmlab
