// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/attack.hpp"

#include <algorithm>

#include "ncmlab/core/ascii.hpp"

namespace ncmlab {
namespace {

bool continues_word(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

}  // namespace

bool contains_query_word(std::string_view text, std::string_view word) {
  if (word.empty()) {
    return false;
  }
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  for (auto at = text.begin();; ++at) {
    at = std::search(at, text.end(), word.begin(), word.end(), same);
    if (at == text.end()) {
      return false;
    }
    const auto end = at + static_cast<std::ptrdiff_t>(word.size());
    if ((at == text.begin() || !continues_word(*(at - 1))) &&
        (end == text.end() || !continues_word(*end))) {
      return true;
    }
  }
}

bool is_victim(const Example& example, TaskKind kind, const AttackGoal& goal) {
  return kind == TaskKind::retrieval ? contains_query_word(example.query, goal.target_word)
                                     : example.label == goal.victim_label;
}

std::vector<AttackGoal> Attack::goals(const AttackGoal& given, const TaskView&) const {
  return {given};
}

}  // namespace ncmlab
