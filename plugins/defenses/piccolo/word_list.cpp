// SPDX-License-Identifier: Apache-2.0
#include "word_list.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab::piccolo {
namespace {

std::set<std::string> words_of(const TaskView& task, const Example& example) {
  std::set<std::string> words;
  for (const std::string& source : task.parts(example)) {
    for (const Identifier& identifier : parse(source, example.language).identifiers) {
      words.insert(identifier.name);
      for (const std::string_view part : sub_words(identifier.name)) {
        words.emplace(part);
      }
    }
  }
  return words;
}

}  // namespace

std::vector<Word> word_list(const Tokenizer& tokenizer, const TaskView& task,
                            const std::vector<Example>& examples, const WordListOptions& options,
                            Progress& progress) {
  std::map<std::string, std::int64_t> samples_with;
  for (const Example& example : examples) {
    progress.check();
    for (const std::string& word : words_of(task, example)) {
      ++samples_with[word];
    }
  }
  std::vector<std::pair<std::string, std::int64_t>> counted(samples_with.begin(),
                                                            samples_with.end());
  std::ranges::stable_sort(counted, std::ranges::greater{},
                           &std::pair<std::string, std::int64_t>::second);
  const std::string before = options.change == NameEdit::replace ? " " : "";
  std::vector<Word> list;
  for (const auto& [text, count] : counted) {
    if (std::ssize(list) >= options.words) {
      break;
    }
    Word word{.text = text, .ids = tokenizer.encode(before + text)};
    if (!word.ids.empty() && std::ssize(word.ids) <= options.word_tokens) {
      list.push_back(std::move(word));
    }
  }
  return list;
}

}  // namespace ncmlab::piccolo
