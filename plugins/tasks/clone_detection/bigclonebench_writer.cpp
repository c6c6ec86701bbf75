// SPDX-License-Identifier: Apache-2.0
#include "bigclonebench_writer.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ncmlab/core/files.hpp"

namespace ncmlab {
namespace {

/// Numbers functions by their text and keeps the lines of `data.jsonl`.
class FunctionTable {
 public:
  std::string id_of(const std::string& code) {
    const auto [entry, is_new] = ids_.try_emplace(code, std::to_string(ids_.size()));
    if (is_new) {
      lines_ += nlohmann::json{{"func", code}, {"idx", entry->second}}.dump() + "\n";
    }
    return entry->second;
  }
  const std::string& lines() const { return lines_; }

 private:
  std::unordered_map<std::string, std::string> ids_;
  std::string lines_;
};

}  // namespace

void write_bigclonebench(const Corpus& corpus, const std::filesystem::path& folder) {
  FunctionTable functions;
  const std::pair<const char*, const std::vector<Example>*> splits[] = {
      {"train.txt", &corpus.train}, {"valid.txt", &corpus.valid}, {"test.txt", &corpus.test}};
  for (const auto& [name, pairs] : splits) {
    std::string text;
    for (const Example& pair : *pairs) {
      const std::string first = functions.id_of(pair.code);
      text +=
          first + "\t" + functions.id_of(pair.second) + "\t" + std::to_string(pair.label) + "\n";
    }
    if (!text.empty()) {
      write_file_atomically(folder / name, text);
    }
  }
  write_file_atomically(folder / "data.jsonl", functions.lines());
}

}  // namespace ncmlab
