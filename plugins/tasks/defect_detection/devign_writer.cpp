// SPDX-License-Identifier: Apache-2.0
#include "devign_writer.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "ncmlab/core/files.hpp"

namespace ncmlab {
namespace {

std::optional<std::int64_t> number_of(std::string_view id) {
  constexpr std::string_view kPrefix = "devign-";
  std::int64_t number = 0;
  if (!id.starts_with(kPrefix)) {
    return std::nullopt;
  }
  id.remove_prefix(kPrefix.size());
  const auto [end, status] = std::from_chars(id.data(), id.data() + id.size(), number);
  return status == std::errc() && end == id.data() + id.size() ? std::optional(number)
                                                               : std::nullopt;
}

std::vector<std::int64_t> numbers_of(const std::vector<Example>& examples) {
  std::vector<std::int64_t> numbers, positions;
  std::set<std::int64_t> distinct;
  for (const Example& example : examples) {
    positions.push_back(std::ssize(positions));
    if (const auto number = number_of(example.id)) {
      numbers.push_back(*number);
      distinct.insert(*number);
    }
  }
  return distinct.size() == examples.size() ? numbers : positions;
}

void write_split(const std::vector<Example>& examples, const std::filesystem::path& file) {
  if (examples.empty()) {
    return;
  }
  const std::vector<std::int64_t> numbers = numbers_of(examples);
  std::string text;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const nlohmann::json record{
        {"target", examples[i].label}, {"func", examples[i].code}, {"idx", numbers[i]}};
    text += record.dump() + "\n";
  }
  write_file_atomically(file, text);
}

}  // namespace

void write_devign(const Corpus& corpus, const std::filesystem::path& folder) {
  write_split(corpus.train, folder / "train.jsonl");
  write_split(corpus.valid, folder / "valid.jsonl");
  write_split(corpus.test, folder / "test.jsonl");
}

}  // namespace ncmlab
