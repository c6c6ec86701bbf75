// SPDX-License-Identifier: Apache-2.0
#include "bigclonebench_reader.hpp"

#include <nlohmann/json.hpp>
#include <span>
#include <sstream>
#include <unordered_map>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/data/column_reader.hpp"
#include "ncmlab/data/json_lines.hpp"
#include "ncmlab/data/quota.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using Functions = std::unordered_map<std::string, std::string>;

/// Pairs may recur, so the ids of their functions do not tell them apart.
std::string pair_id(const fs::path& file, std::int64_t line) {
  return "bcb-" + file.stem().string() + "-" + std::to_string(line);
}

Functions read_functions(const fs::path& file, BadRecords& bad) {
  Functions functions;
  for_each_json_line(file, bad, [&](const nlohmann::json& record, std::int64_t line) {
    const std::string id = id_field(record, "idx", file, line);
    std::string code = string_field(record, "func", file, line);
    check_has_text(code, "func", file, line);
    if (!functions.emplace(id, std::move(code)).second) {
      fail_duplicate(id, file, line);
    }
  });
  check_not_empty(functions.empty(), file, "function");
  return functions;
}

Example pair_of(const std::string& text, const Functions& functions, const fs::path& file,
                std::int64_t line) {
  std::istringstream columns(text);
  std::string first, second, label, more;
  columns >> first >> second >> label;
  if (label.empty() || columns >> more) {
    fail_record("data.wrong-type", "expected two ids and a label, found `" + text + "`", file,
                line);
  }
  for (const std::string& id : {first, second}) {
    if (!functions.contains(id)) {
      fail_record("data.id-without-function", "the id `" + id + "` is not in data.jsonl", file,
                  line);
    }
  }
  if (label != "0" && label != "1") {
    fail_record("data.bad-label", "expected the label to be 0 or 1, found `" + label + "`", file,
                line);
  }
  return {.id = {},
          .code = functions.at(first),
          .other_code = functions.at(second),
          .label = label == "1" ? 1 : 0,
          .language = Language::java};
}

std::vector<Example> read_pairs(const fs::path& file, const Functions& functions, BadRecords& bad,
                                Quota quota) {
  std::vector<Example> pairs;
  const auto take = [&](const std::string& text, std::int64_t line) {
    pairs.push_back(pair_of(text, functions, file, line));
    pairs.back().id = pair_id(file, line);
    quota.count(pairs.back().label);
  };
  for_each_text_line(file, bad, take, [&] { return quota.reached(); });
  check_not_empty(pairs.empty(), file, "pair");
  return pairs;
}

}  // namespace

std::vector<fs::path> bigclonebench_files(const fs::path& folder) {
  std::vector<fs::path> files = json_lines_file(folder, "data");
  for (const char* name : {"train.txt", "test.txt"}) {
    if (fs::is_regular_file(folder / name)) {
      files.push_back(folder / name);
    }
  }
  if (files.size() != 3) {
    throw Error("data.missing-file",
                "no BigCloneBench in `" + folder.string() +
                    "`: expected `data.jsonl`, `train.txt`, `test.txt` and perhaps `valid.txt`",
                {"set the task's parameter `data` to the folder that holds them, or to `builtin`"});
  }
  if (fs::is_regular_file(folder / "valid.txt")) {
    files.push_back(folder / "valid.txt");
  }
  return files;
}

BigCloneBenchIds read_bigclonebench_ids(const fs::path& folder) {
  const std::vector<fs::path> files = bigclonebench_files(folder);
  BigCloneBenchIds ids;
  BadRecords bad(OnBadRecord::skip);
  for_each_json_line(files[0], bad, [&](const nlohmann::json& record, std::int64_t line) {
    ids.functions.emplace(id_field(record, "idx", files[0], line), record);
  });
  for (const fs::path& file : std::span(files).subspan(1)) {
    for_each_text_line(file, bad, [&](const std::string& text, std::int64_t line) {
      std::istringstream columns(text);
      std::string first, second;
      if (columns >> first >> second) {
        ids.pairs.emplace(pair_id(file, line), std::pair(first, second));
      }
    });
  }
  return ids;
}

Corpus read_bigclonebench(const fs::path& folder, BadRecords bad, std::int64_t records) {
  const std::vector<fs::path> files = bigclonebench_files(folder);
  const Quota quota(records);
  const Functions functions = read_functions(files[0], bad);
  Corpus corpus;
  corpus.train = read_pairs(files[1], functions, bad, quota);
  corpus.test = read_pairs(files[2], functions, bad, quota);
  if (files.size() == 4) {
    corpus.valid = read_pairs(files[3], functions, bad, quota);
  }
  return finished_corpus(std::move(corpus), bad);
}

}  // namespace ncmlab
