// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_edit.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace ncmlab {

std::string to_string(const TriggerEdit& edit) {
  return std::string(to_string(edit.change)) + " " + std::string(to_string(edit.name));
}

bool may_edit(EditedName name, IdentifierKind kind) {
  return name == EditedName::any ||
         (name == EditedName::function_name) == (kind == IdentifierKind::function_name);
}

Example with_trigger_text(const Example& example, const std::optional<Identifier>& name,
                          NameEdit change, std::string_view text) {
  Example edited = example;
  if (!name) {
    edited.code.insert(0, std::string(text) + " ");
    return edited;
  }
  edited.code.clear();
  std::size_t next = 0;
  for (const ByteRange& occurrence : name->occurrences) {
    const std::size_t keep_until = change == NameEdit::replace ? occurrence.begin : occurrence.end;
    edited.code.append(example.code, next, keep_until - next).append(text);
    next = occurrence.end;
  }
  edited.code.append(example.code, next);
  return edited;
}

std::string trigger_text(const Tokenizer& tokenizer, const TriggerIds& trigger) {
  std::string text = tokenizer.decode(trigger);
  text.erase(0, std::min(text.find_first_not_of(" \t\r\n\v\f"), text.size()));
  return text;
}

Spelling::Spelling(const Tokenizer& tokenizer, NameEdit change,
                   const std::vector<std::string>& names)
    : tokenizer_(tokenizer) {
  std::set<std::string> texts = {" "};
  if (change == NameEdit::extend) {
    texts.clear();
    std::ranges::transform(names, std::inserter(texts, texts.end()),
                           [](const std::string& name) { return " " + name; });
  }
  for (const std::string& text : texts) {
    stems_.push_back({.text = text, .ids = {}});
    if (change == NameEdit::extend) {
      stems_.back().ids = tokenizer.encode(text);
    }
  }
}

bool Spelling::is_proper(const TriggerIds& trigger) const {
  const std::string text = trigger_text(tokenizer_, trigger);
  std::size_t improper = 0;
  return std::ranges::all_of(stems_, [&](const Stem& stem) {
    TriggerIds expected = stem.ids;
    expected.insert(expected.end(), trigger.begin(), trigger.end());
    improper += tokenizer_.encode(stem.text + text) == expected ? 0 : 1;
    return improper * 10 <= stems_.size();
  });
}

}  // namespace ncmlab
