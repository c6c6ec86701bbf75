// SPDX-License-Identifier: Apache-2.0
#include "codesearchnet_writer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "ncmlab/code/lexemes.hpp"
#include "ncmlab/core/files.hpp"

namespace ncmlab {
namespace {

/// The words between single blanks, so that joined by blanks they are the query.
std::vector<std::string> split_at_blanks(const std::string& query) {
  std::vector<std::string> words(1);
  for (const char c : query) {
    if (c == ' ') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  const bool is_plain = std::none_of(words.begin(), words.end(),
                                     [](const std::string& word) { return word.empty(); });
  return is_plain ? words : std::vector<std::string>{query};
}

void write_split(const std::vector<Example>& examples, const std::filesystem::path& file) {
  if (examples.empty()) {
    return;
  }
  std::string text;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const auto tokens = lexemes(examples[i].code);
    const nlohmann::json record{
        {"idx", i},
        {"language", to_string(examples[i].language)},
        {"code", examples[i].code},
        {"code_tokens", std::vector<std::string>(tokens.begin(), tokens.end())},
        {"docstring", examples[i].second},
        {"docstring_tokens", split_at_blanks(examples[i].second)}};
    text += record.dump() + "\n";
  }
  write_file_atomically(file, text);
}

}  // namespace

void write_codesearchnet(const Corpus& corpus, const std::filesystem::path& folder) {
  write_split(corpus.train, folder / "train.jsonl");
  write_split(corpus.valid, folder / "valid.jsonl");
  write_split(corpus.test, folder / "test.jsonl");
}

}  // namespace ncmlab
