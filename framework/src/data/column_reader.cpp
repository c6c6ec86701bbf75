// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/column_reader.hpp"

#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "data/record_reader.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/data/json_lines.hpp"
#include "ncmlab/data/quota.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kParts = 10;

std::uint64_t part_of(const Example& example) { return hash64(example.id) % kParts; }

/// Reads one file; `fallback` takes the examples that no split column places.
void read_file_into(const fs::path& file, const ColumnMapping& columns, BadRecords& bad,
                    Quota quota, Corpus& corpus, std::vector<Example>& fallback) {
  const RecordReader reader(file, columns);
  std::unordered_set<std::string> seen;
  std::int64_t read = 0;
  const auto take = [&](const json& record, std::int64_t line) {
    Example example = reader.example(record, line);
    std::vector<Example>* split = reader.split(record, line, corpus);
    if (!seen.insert(example.id).second) {
      fail_duplicate(example.id, file, line);
    }
    quota.count(example.label);
    (split != nullptr ? *split : fallback).push_back(std::move(example));
    ++read;
  };
  for_each_json_line(file, bad, take, [&] { return quota.reached(); });
  check_not_empty(read == 0, file, bad.count() > 0 ? "record that fits" : "record");
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
    const std::vector<fs::path> found = json_lines_file(data, split);
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

std::vector<fs::path> json_lines_file(const fs::path& folder, const std::string& name) {
  for (const char* ending : {".jsonl", ".jsonl.gz"}) {
    if (const fs::path file = folder / (name + ending); fs::is_regular_file(file)) {
      return {file};
    }
  }
  return {};
}

Corpus finished_corpus(Corpus corpus, const BadRecords& bad) {
  if (corpus.valid.empty()) {
    std::vector<Example> kept;
    kept.reserve(corpus.train.size());
    for (Example& example : corpus.train) {
      (part_of(example) == 0 ? corpus.valid : kept).push_back(std::move(example));
    }
    corpus.train = std::move(kept);
  }
  if (const auto summary = bad.summary()) {
    corpus.warnings.push_back(*summary);
  }
  return corpus;
}

Corpus read_json_lines(const fs::path& data, const ColumnMapping& columns, BadRecords bad,
                       std::int64_t records) {
  const std::vector<fs::path> files = json_lines_files(data);
  const Quota quota(records, !columns.label.empty());
  Corpus corpus;
  if (files.size() == 1) {
    std::vector<Example> unplaced;
    read_file_into(files[0], columns, bad, quota, corpus, unplaced);
    part_by_id(std::move(unplaced), corpus);
  } else {
    ColumnMapping per_split = columns;
    per_split.split.clear();
    read_file_into(files.front(), per_split, bad, quota, corpus, corpus.train);
    read_file_into(files.back(), per_split, bad, quota, corpus, corpus.test);
    if (files.size() == 3) {
      read_file_into(files[1], per_split, bad, quota, corpus, corpus.valid);
    }
  }
  return finished_corpus(std::move(corpus), bad);
}

}  // namespace ncmlab
