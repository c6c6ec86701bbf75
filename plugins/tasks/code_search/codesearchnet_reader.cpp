// SPDX-License-Identifier: Apache-2.0
#include "codesearchnet_reader.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "docstring.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/data/column_reader.hpp"
#include "ncmlab/data/json_lines.hpp"
#include "ncmlab/data/quota.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

bool is_json_lines(const fs::path& file) {
  const std::string name = file.filename().string();
  return fs::is_regular_file(file) && (name.ends_with(".jsonl") || name.ends_with(".jsonl.gz"));
}

std::string query_of(const json& record, const fs::path& file, std::int64_t line) {
  const auto tokens = record.find("docstring_tokens");
  if (tokens == record.end()) {
    return string_field(record, "docstring", file, line);
  }
  if (!tokens->is_array() ||
      !std::ranges::all_of(*tokens, [](const json& token) { return token.is_string(); })) {
    fail_record("data.wrong-type", "field `docstring_tokens`: expected a list of strings", file,
                line);
  }
  return joined(*tokens, " ", [](const json& token) { return token.get<std::string>(); });
}

Example example_of(const json& record, const fs::path& file, std::int64_t line) {
  if (record.contains("language") && string_field(record, "language", file, line) != "python") {
    fail_record("data.unknown-language",
                "expected `python`, found `" + string_field(record, "language", file, line) + "`",
                file, line);
  }
  Example example{.id = {},
                  .code = without_docstring(string_field(record, "code", file, line)),
                  .query = query_of(record, file, line),
                  .label = 0,
                  .language = Language::python};
  check_has_text(example.code, "code", file, line);
  check_has_text(example.query, "docstring_tokens", file, line);
  return example;
}

std::vector<Example> read_split(const std::vector<fs::path>& files, const std::string& split,
                                BadRecords& bad, Quota quota) {
  std::vector<Example> examples;
  for (const fs::path& file : files) {
    const std::string prefix = codesearchnet_id_prefix(
        split, files.size(), static_cast<std::size_t>(&file - files.data()));
    const auto take = [&](const json& record, std::int64_t line) {
      examples.push_back(example_of(record, file, line));
      examples.back().id = prefix + std::to_string(line);
      quota.count(0);
    };
    if (!quota.reached()) {
      for_each_json_line(file, bad, take, [&] { return quota.reached(); });
    }
  }
  check_not_empty(examples.empty(), files.front(), "record");
  return examples;
}

}  // namespace

std::vector<fs::path> codesearchnet_split_files(const fs::path& folder, const std::string& split) {
  std::vector<fs::path> files = json_lines_file(folder, split);
  if (files.empty() && fs::is_directory(folder / split)) {
    for (const auto& entry : fs::directory_iterator(folder / split)) {
      if (is_json_lines(entry.path())) {
        files.push_back(entry.path());
      }
    }
  }
  std::ranges::sort(files);
  return files;
}

std::string codesearchnet_id_prefix(const std::string& split, std::size_t files, std::size_t file) {
  return "csn-" + split + "-" + (files > 1 ? std::to_string(file) + "-" : "");
}

std::vector<fs::path> codesearchnet_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const char* split : {"train", "test", "valid"}) {
    const std::vector<fs::path> own = codesearchnet_split_files(folder, split);
    if (own.empty() && split != std::string("valid")) {
      throw Error("data.missing-file",
                  "no CodeSearchNet in `" + folder.string() + "`: expected `" + split +
                      ".jsonl`, `" + split + ".jsonl.gz` or a folder `" + split + "` of such files",
                  {"set the task's parameter `data` to the folder that holds them, or to "
                   "`builtin`"});
    }
    files.insert(files.end(), own.begin(), own.end());
  }
  return files;
}

Corpus read_codesearchnet(const fs::path& folder, BadRecords bad, std::int64_t records) {
  codesearchnet_files(folder);
  const Quota quota(records, /*labels=*/false);
  Corpus corpus;
  corpus.train = read_split(codesearchnet_split_files(folder, "train"), "train", bad, quota);
  corpus.test = read_split(codesearchnet_split_files(folder, "test"), "test", bad, quota);
  if (const auto files = codesearchnet_split_files(folder, "valid"); !files.empty()) {
    corpus.valid = read_split(files, "valid", bad, quota);
  }
  return finished_corpus(std::move(corpus), bad);
}

}  // namespace ncmlab
