// SPDX-License-Identifier: Apache-2.0
#include "devign_reader.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>
#include <unordered_set>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/json_depth.hpp"
#include "ncmlab/data/column_reader.hpp"
#include "ncmlab/data/json_lines.hpp"
#include "ncmlab/data/quota.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

Example example_of(const json& record, std::string id, const fs::path& file, std::int64_t line) {
  Example example;
  example.id = std::move(id);
  example.code = string_field(record, "func", file, line);
  example.label = integer_field(record, "target", file, line);
  example.language = Language::c;
  check_has_text(example.code, "func", file, line);
  if (example.label != 0 && example.label != 1) {
    fail_record("data.bad-label",
                "expected `target` to be 0 or 1, found " + std::to_string(example.label), file,
                line);
  }
  return example;
}

std::vector<Example> read_split(const fs::path& file, BadRecords& bad, Quota quota) {
  std::vector<Example> examples;
  std::unordered_set<std::string> seen;
  const auto take = [&](const json& record, std::int64_t line) {
    std::string id = "devign-" + std::to_string(integer_field(record, "idx", file, line));
    Example example = example_of(record, id, file, line);
    if (!seen.insert(id).second) {
      fail_duplicate(id, file, line);
    }
    quota.count(example.label);
    examples.push_back(std::move(example));
  };
  for_each_json_line(file, bad, take, [&] { return quota.reached(); });
  check_not_empty(examples.empty(), file, "record that fits");
  return examples;
}

/// The place in function.json that a line of a split's list names.
std::size_t parse_position(const std::string& text, std::size_t count, const fs::path& file,
                           std::int64_t line) {
  std::size_t position = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), position);
  if (status != std::errc() || end != text.data() + text.size()) {
    fail_record("data.wrong-type", "expected a position in function.json, found `" + text + "`",
                file, line);
  }
  if (position >= count) {
    fail_record("data.id-without-function",
                "position " + text + " is not in function.json, which holds " +
                    std::to_string(count) + " functions",
                file, line);
  }
  return position;
}

/// The functions that a list of positions names. What is wrong with one is reported at its line.
std::vector<Example> read_list(const fs::path& file, const json& functions, BadRecords& bad,
                               Quota quota) {
  std::vector<Example> examples;
  std::unordered_set<std::size_t> seen;
  const auto take = [&](const std::string& text, std::int64_t line) {
    const std::size_t position = parse_position(text, functions.size(), file, line);
    Example example =
        example_of(functions[position], "devign-" + std::to_string(position), file, line);
    if (!seen.insert(position).second) {
      fail_record("data.duplicate-id", "position " + text + " is listed twice", file, line);
    }
    quota.count(example.label);
    examples.push_back(std::move(example));
  };
  for_each_text_line(file, bad, take, [&] { return quota.reached(); });
  check_not_empty(examples.empty(), file, "record that fits");
  return examples;
}

Corpus read_lists(const fs::path& folder, BadRecords& bad, const Quota& quota) {
  const json functions = read_devign_functions(folder / "function.json");
  const auto split = [&](const char* name) {
    return read_list(folder / name, functions, bad, quota);
  };
  return {.train = split("train.txt"), .valid = split("valid.txt"), .test = split("test.txt")};
}

Corpus read_splits(const std::vector<fs::path>& files, BadRecords& bad, const Quota& quota) {
  Corpus corpus{.train = read_split(files[0], bad, quota),
                .test = read_split(files[1], bad, quota)};
  if (files.size() == 3) {
    corpus.valid = read_split(files[2], bad, quota);
  }
  return corpus;
}

}  // namespace

json read_devign_functions(const fs::path& function_json) {
  std::istringstream text(read_file(function_json));
  if (const std::string deep = too_deep_json(text.view()); !deep.empty()) {
    throw Error("data.bad-json",
                "`" + function_json.string() + "` is no list of functions: " + deep,
                {"download the file again; it may be damaged or cut short"});
  }
  const auto fail = [&](const std::string& what) {
    const std::streamoff byte = text.rdbuf()->pubseekoff(0, std::ios::cur, std::ios::in);
    const std::string_view before = text.view().substr(0, static_cast<std::size_t>(byte));
    fail_record("data.bad-json", what + " at byte " + std::to_string(byte), function_json,
                1 + std::ranges::count(before, '\n'),
                {"download the file again; it may be damaged or cut short"});
  };
  json functions;
  try {
    functions = json::parse(text);
  } catch (const json::parse_error&) {
    fail("no valid JSON");
  } catch (const json::out_of_range&) {
    fail("a number out of range");
  }
  if (!functions.is_array()) {
    throw Error("data.wrong-type", "expected `" + function_json.string() +
                                       "` to hold a JSON array, found " +
                                       std::string(functions.type_name()));
  }
  return functions;
}

std::vector<fs::path> devign_files(const fs::path& folder) {
  const auto existing = [&](std::initializer_list<const char*> names) {
    std::vector<fs::path> files;
    for (const char* name : names) {
      if (fs::is_regular_file(folder / name)) {
        files.push_back(folder / name);
      }
    }
    return files;
  };
  std::vector<fs::path> files = existing({"function.json", "train.txt", "valid.txt", "test.txt"});
  if (files.size() == 4) {
    return files;
  }
  files = existing({"train.jsonl", "test.jsonl"});
  if (files.size() != 2) {
    throw Error("data.missing-file",
                "no Devign data set in `" + folder.string() +
                    "`: expected `train.jsonl` and `test.jsonl`, or `function.json` with "
                    "`train.txt`, `valid.txt` and `test.txt`",
                {"set the task's parameter `data` to the folder that holds them, or to `builtin`"});
  }
  const std::vector<fs::path> valid = existing({"valid.jsonl"});
  files.insert(files.end(), valid.begin(), valid.end());
  return files;
}

Corpus read_devign(const fs::path& folder, BadRecords bad, std::int64_t records) {
  const std::vector<fs::path> files = devign_files(folder);
  const Quota quota(records);
  Corpus corpus = files.front().filename() == "function.json" ? read_lists(folder, bad, quota)
                                                              : read_splits(files, bad, quota);
  return finished_corpus(std::move(corpus), bad);
}

}  // namespace ncmlab
