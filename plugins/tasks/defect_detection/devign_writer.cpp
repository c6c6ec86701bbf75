// SPDX-License-Identifier: Apache-2.0
#include "devign_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "devign_reader.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/data/json_lines.hpp"
#include "ncmlab/data/stored_records.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kPrefix = "devign-";

std::optional<std::int64_t> number_of(std::string_view id) {
  std::int64_t number = 0;
  if (!id.starts_with(kPrefix)) {
    return std::nullopt;
  }
  id.remove_prefix(kPrefix.size());
  const auto [end, status] = std::from_chars(id.data(), id.data() + id.size(), number);
  return status == std::errc() && end == id.data() + id.size() ? std::optional(number)
                                                               : std::nullopt;
}

/// The numbers in the ids; what has none, or one that is taken, gets the next above all of them.
std::vector<std::int64_t> numbers_of(const std::vector<Example>& examples) {
  std::int64_t next = 0;
  for (const Example& example : examples) {
    next = std::max(next, number_of(example.id).value_or(-1) + 1);
  }
  std::set<std::int64_t> taken;
  std::vector<std::int64_t> numbers;
  for (const Example& example : examples) {
    const auto own = number_of(example.id);
    numbers.push_back(own && taken.insert(*own).second ? *own : next++);
  }
  return numbers;
}

void put(json& record, const Example& example) {
  record["func"] = example.code;
  record["target"] = example.label;
}

/// The records of the split files in `source`.
StoredRecords stored_records(const fs::path& source) {
  StoredRecords records;
  if (source.empty()) {
    return records;
  }
  for (const fs::path& file : devign_files(source)) {
    records.read(file, file.stem().string(), [&](const json& record, std::int64_t line) {
      return std::string(kPrefix) + std::to_string(integer_field(record, "idx", file, line));
    });
  }
  return records;
}

void write_split_files(const Corpus& corpus, const fs::path& folder, const fs::path& source) {
  const StoredRecords records = stored_records(source);
  std::unordered_map<std::string_view, std::vector<std::int64_t>> numbers;
  for (const auto& [split, examples] : named_splits(corpus)) {
    numbers[split] = numbers_of(*examples);
  }
  const auto record_of = [&](const Example& example, std::string_view split, std::size_t position) {
    json record = records.find(split, example.id);
    put(record, example);
    record["idx"] = numbers[split][position];
    return record;
  };
  write_splits(corpus, folder, record_of);
}

/// Samples keep their positions in function.json; one without a position there, or whose position
/// an earlier sample of any split has, is put at the end.
void write_lists(const Corpus& corpus, const fs::path& folder, const fs::path& source) {
  json functions = read_devign_functions(source / "function.json");
  std::set<std::size_t> written;
  write_splits(corpus, folder, ".txt", [&](const Example& example, std::string_view, std::size_t) {
    auto position = static_cast<std::size_t>(number_of(example.id).value_or(-1));
    json record = position < functions.size() ? functions[position] : json::object();
    put(record, example);
    if (position >= functions.size() || !written.insert(position).second) {
      position = functions.size();
      functions.push_back(std::move(record));
    } else {
      functions[position] = std::move(record);
    }
    return std::to_string(position);
  });
  write_file_atomically(folder / "function.json", functions.dump() + "\n");
}

}  // namespace

void add_devign_names(const std::vector<Example>& examples, const fs::path& file) {
  if (examples.empty()) {
    return;
  }
  std::istringstream lines(read_file(file));
  std::string text, line;
  for (const Example& example : examples) {
    std::getline(lines, line);
    json record = json::parse(line);
    record.emplace("func", example.code);
    record.emplace("target", example.label);
    text += record.dump() + "\n";
  }
  write_file_atomically(file, text);
}

void write_devign(const Corpus& corpus, const fs::path& folder, const fs::path& source) {
  const bool has_lists =
      !source.empty() && devign_files(source).front().filename() == "function.json";
  (has_lists ? write_lists : write_split_files)(corpus, folder, source);
}

}  // namespace ncmlab
