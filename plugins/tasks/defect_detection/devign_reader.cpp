// SPDX-License-Identifier: Apache-2.0
#include "devign_reader.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unordered_set>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/data/json_lines.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kHoldOutParts = 10;

[[noreturn]] void throw_at(const char* code, std::string message, const fs::path& file,
                           std::int64_t line, std::vector<std::string> help = {}) {
  throw Error(Diagnostic{.code = code,
                         .message = std::move(message),
                         .span = Span{.file = file.string(), .line = static_cast<int>(line)},
                         .help = std::move(help)});
}

Example example_of(const json& record, std::string id, const fs::path& file, std::int64_t line) {
  Example example;
  example.id = std::move(id);
  example.code = string_field(record, "func", file, line);
  example.label = integer_field(record, "target", file, line);
  example.language = Language::c;
  if (example.label != 0 && example.label != 1) {
    throw_at("data.bad-label",
             "expected `target` to be 0 or 1, found " + std::to_string(example.label), file, line);
  }
  return example;
}

std::vector<Example> read_split(const fs::path& file) {
  std::vector<Example> examples;
  std::unordered_set<std::string> seen;
  for_each_json_line(file, [&](const json& record, std::int64_t line) {
    std::string id = "devign-" + std::to_string(integer_field(record, "idx", file, line));
    if (!seen.insert(id).second) {
      throw_at("data.duplicate-id", "the id `" + id + "` occurs twice", file, line);
    }
    examples.push_back(example_of(record, std::move(id), file, line));
  });
  if (examples.empty()) {
    throw Error("data.empty-file", "`" + file.string() + "` holds no record");
  }
  return examples;
}

// Independent of the experiment's seed, so that the split is the same for everyone.
bool is_held_out(const Example& example) { return hash64(example.id) % kHoldOutParts == 0; }

std::vector<std::size_t> read_positions(const fs::path& file, std::size_t count) {
  std::istringstream lines(read_file(file));
  std::vector<std::size_t> positions;
  std::string text;
  for (std::int64_t line = 1; std::getline(lines, text); ++line) {
    text.erase(text.find_last_not_of(" \t\r") + 1);
    if (text.empty()) {
      continue;
    }
    std::size_t position = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), position);
    if (status != std::errc() || end != text.data() + text.size()) {
      throw_at("data.wrong-type", "expected a position in function.json, found `" + text + "`",
               file, line);
    }
    if (position >= count) {
      throw_at("data.id-without-function",
               "position " + text + " is not in function.json, which holds " +
                   std::to_string(count) + " functions",
               file, line);
    }
    positions.push_back(position);
  }
  return positions;
}

json parse_function_json(const fs::path& file) {
  const std::string text = read_file(file);
  try {
    json functions = json::parse(text);
    if (!functions.is_array()) {
      throw Error("data.wrong-type", "expected `" + file.string() +
                                         "` to hold a JSON array, found " +
                                         std::string(functions.type_name()));
    }
    return functions;
  } catch (const json::parse_error& error) {
    const auto line =
        1 +
        std::count(text.begin(),
                   text.begin() + static_cast<std::ptrdiff_t>(std::min(error.byte, text.size())),
                   '\n');
    throw_at("data.bad-json", "no valid JSON at byte " + std::to_string(error.byte), file, line,
             {"download the file again; it may be cut short"});
  }
}

Corpus read_function_json(const fs::path& folder) {
  const fs::path file = folder / "function.json";
  const json functions = parse_function_json(file);
  const auto split = [&](const char* name) {
    std::vector<Example> examples;
    for (const std::size_t position : read_positions(folder / name, functions.size())) {
      examples.push_back(example_of(functions[position], "devign-" + std::to_string(position), file,
                                    static_cast<std::int64_t>(position) + 1));
    }
    return examples;
  };
  return {.train = split("train.txt"), .valid = split("valid.txt"), .test = split("test.txt")};
}

}  // namespace

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

Corpus read_devign(const fs::path& folder) {
  const std::vector<fs::path> files = devign_files(folder);
  if (files.front().filename() == "function.json") {
    return read_function_json(folder);
  }
  Corpus corpus;
  std::vector<Example> training = read_split(files[0]);
  corpus.test = read_split(files[1]);
  if (files.size() == 3) {
    corpus.train = std::move(training);
    corpus.valid = read_split(files[2]);
    return corpus;
  }
  for (Example& example : training) {
    (is_held_out(example) ? corpus.valid : corpus.train).push_back(std::move(example));
  }
  return corpus;
}

}  // namespace ncmlab
