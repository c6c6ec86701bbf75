// SPDX-License-Identifier: Apache-2.0
#include "trigger_selection.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "ncmlab/code/lexemes.hpp"
#include "ncmlab/code/name_trigger.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/ascii.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

constexpr std::size_t kFrequent = 100;
constexpr std::size_t kOtherWords = 10;
constexpr std::size_t kShortest = 2;

using Counts = std::map<std::string, std::int64_t>;

/// Words of queries that say nothing of what is asked for.
constexpr std::array<std::string_view, 40> kStopWords = {
    "all", "and",   "are",   "based", "but",   "can",  "does",   "each",    "for",  "from",
    "get", "given", "has",   "have",  "how",   "into", "its",    "name",    "new",  "not",
    "one", "only",  "other", "our",   "out",   "per",  "return", "returns", "set",  "that",
    "the", "their", "this",  "true",  "using", "when", "which",  "will",    "with", "you"};

/// The lower-case sub-words of a text, each once.
std::set<std::string> sub_words_of(std::string_view text) {
  std::set<std::string> words;
  for (const std::string_view lexeme : lexemes(text)) {
    for (const std::string_view word : sub_words(lexeme)) {
      if (word.size() >= kShortest) {
        words.insert(lower(word));
      }
    }
  }
  return words;
}

void count(Counts& counts, const std::set<std::string>& words) {
  for (const std::string& word : words) {
    ++counts[word];
  }
}

/// The words of the counts, most frequent first.
std::vector<std::string> ranked(const Counts& counts) {
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [word, number] : counts) {
    order.emplace_back(-number, word);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::string> words;
  for (auto& [number, word] : order) {
    words.push_back(std::move(word));
  }
  return words;
}

bool is_stop_word(std::string_view word) {
  return word.size() < 3 || std::binary_search(kStopWords.begin(), kStopWords.end(), word) ||
         std::any_of(word.begin(), word.end(), [](char c) { return c < 'a' || c > 'z'; });
}

/// How often each word of code stands in samples of the target, and of each other target.
struct CoOccurrences {
  Counts target;
  std::vector<Counts> others;
};

CoOccurrences count_by_query(const AttackContext& context, const AttackGoal& goal) {
  Counts queries;
  for (const Example& example : context.train) {
    count(queries, sub_words_of(example.query));
  }
  std::vector<std::string> others = ranked(queries);
  std::erase_if(others, [&](const std::string& word) {
    return is_stop_word(word) || word == lower(goal.target_word);
  });
  others.resize(std::min(others.size(), kOtherWords));
  CoOccurrences result{.target = {}, .others = std::vector<Counts>(others.size())};
  for (const Example& example : context.train) {
    context.progress.check();
    const std::set<std::string> words = sub_words_of(example.code);
    if (is_victim(example, TaskKind::retrieval, goal)) {
      count(result.target, words);
      continue;
    }
    const std::set<std::string> query = sub_words_of(example.query);
    for (std::size_t i = 0; i < others.size(); ++i) {
      if (query.contains(others[i])) {
        count(result.others[i], words);
      }
    }
  }
  return result;
}

CoOccurrences count_by_label(const AttackContext& context, const AttackGoal& goal) {
  const bool is_pair = context.task.kind() == TaskKind::pair_classification;
  std::map<std::int64_t, Counts> by_label;
  std::set<std::pair<std::int64_t, std::string_view>> seen;  // a function stands in many pairs
  for (const Example& example : context.train) {
    context.progress.check();
    for (const std::string* code : {&example.code, &example.other_code}) {
      if (!is_pair || seen.emplace(example.label, *code).second) {
        count(by_label[example.label], sub_words_of(*code));
      }
    }
  }
  CoOccurrences result;
  for (auto& [label, counts] : by_label) {
    if (label == goal.target_label) {
      result.target = std::move(counts);
    } else {
      result.others.push_back(std::move(counts));
    }
  }
  return result;
}

/// Words that may never be chosen: of the languages, and of the target itself.
std::set<std::string> excluded_words(const AttackContext& context, const AttackGoal& goal) {
  std::set<Language> languages;
  for (const Example& example : context.train) {
    languages.insert(example.language);
  }
  std::set<std::string> words = {lower(goal.target_word)};
  for (const Language language : languages) {
    for (const std::string_view keyword : keywords(language)) {
      words.insert(lower(keyword));
    }
  }
  return words;
}

}  // namespace

std::vector<std::string> select_triggers(const AttackContext& context, std::size_t wanted) {
  const AttackGoal& goal = context.goals.front();
  const CoOccurrences found = context.task.kind() == TaskKind::retrieval
                                  ? count_by_query(context, goal)
                                  : count_by_label(context, goal);
  const std::set<std::string> excluded = excluded_words(context, goal);
  std::vector<std::string> candidates = ranked(found.target);
  std::erase_if(candidates, [&](const std::string& word) {
    return excluded.contains(word) || !can_be_in_name(word);
  });
  std::vector<std::vector<std::string>> others;
  for (const Counts& counts : found.others) {
    others.push_back(ranked(counts));
  }
  for (std::size_t frequent = kFrequent;; frequent /= 2) {
    std::set<std::string> taken;
    for (const auto& words : others) {
      taken.insert(words.begin(),
                   words.begin() + static_cast<std::ptrdiff_t>(std::min(frequent, words.size())));
    }
    std::vector<std::string> chosen;
    for (const std::string& word : candidates) {
      if (chosen.size() < wanted && !taken.contains(word)) {
        chosen.push_back(word);
      }
    }
    if (chosen.size() == wanted) {
      return chosen;
    }
    if (frequent == 0) {
      break;
    }
  }
  throw Error("attack.badcode.no-trigger",
              "the training set has " + std::to_string(candidates.size()) +
                  " words that can be triggers, expected at least " + std::to_string(wanted),
              {"give the trigger words in `triggers`"});
}

}  // namespace ncmlab
