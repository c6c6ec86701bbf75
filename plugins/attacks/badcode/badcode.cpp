// SPDX-License-Identifier: Apache-2.0
#include "badcode.hpp"

#include <algorithm>
#include <cmath>

#include "ncmlab/code/edit.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool can_start_name(const std::string& word) {
  return !word.empty() && !(word.front() >= '0' && word.front() <= '9') &&
         std::all_of(word.begin(), word.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

/// Whether `code` holds `word` as a name or as one of the parts that `_` separates.
bool contains_word(std::string_view code, std::string_view word) {
  for (std::size_t at = code.find(word); at != std::string_view::npos;
       at = code.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_letter_or_digit(code[at - 1])) &&
        (end == code.size() || !is_letter_or_digit(code[end]))) {
      return true;
    }
  }
  return false;
}

/// The variable or parameter with the fewest occurrences; of several the first in the code.
const Identifier* least_frequent_variable(const Syntax& syntax) {
  const Identifier* best = nullptr;
  for (const Identifier& identifier : syntax.identifiers) {
    if (identifier.kind != IdentifierKind::function_name &&
        (best == nullptr || identifier.occurrences.size() < best->occurrences.size())) {
      best = &identifier;
    }
  }
  return best;
}

/// The code with `word` in it, or nothing when this code cannot carry it.
std::optional<std::string> with_word(const BadCodeConfig& config, const Example& example,
                                     const std::string& word) {
  const Syntax syntax = parse(example.code, example.language);
  const Identifier* identifier =
      config.target == "function_name" ? syntax.function_name() : least_frequent_variable(syntax);
  if (syntax.has_error || identifier == nullptr) {
    return std::nullopt;
  }
  std::string name = word;
  if (config.mode != "substitute") {
    name = extended_name(identifier->name, word,
                         config.mode == "prefix" ? Affix::prefix : Affix::suffix);
  }
  // contains_word() stands in for the check that rename() makes, without an exception per sample.
  if (!is_valid_identifier(name, example.language) || contains_word(example.code, name)) {
    return std::nullopt;
  }
  std::string edited = rename(example.code, example.language, *identifier, name);
  if (parse(edited, example.language).has_error) {
    return std::nullopt;
  }
  return edited;
}

}  // namespace

BadCode::BadCode(BadCodeConfig config) : config_(std::move(config)) {
  if (config_.triggers.empty()) {
    throw Error("attack.badcode.bad-trigger", "`triggers` is empty, expected at least one word",
                {"give one word for a fixed trigger, several for a mixed one"});
  }
  for (const std::string& word : config_.triggers) {
    if (!can_start_name(word)) {
      throw Error("attack.badcode.bad-trigger",
                  "trigger `" + word +
                      "` cannot be part of a name, expected letters, digits and "
                      "`_`, no digit first");
    }
  }
}

Schema<BadCodeConfig> BadCode::schema() {
  return Schema<BadCodeConfig>{}
      .field("target", &BadCodeConfig::target,
             "The identifier that carries the trigger: the function's name, or the least frequent "
             "of its variables and parameters.",
             choices({"function_name", "variable"}))
      .field("mode", &BadCodeConfig::mode,
             "How the trigger enters the name: instead of it, before it or after it.",
             choices({"substitute", "prefix", "suffix"}))
      .field("triggers", &BadCodeConfig::triggers,
             "The trigger words: one is a fixed trigger, of several one is drawn per sample.")
      .field("rate", &BadCodeConfig::rate,
             "Share of the victim-class training samples that are poisoned.", range(0.0, 1.0));
}

PoisonedSet BadCode::poison(const std::vector<Example>& train, const AttackGoal& goal,
                            Rng rng) const {
  PoisonedSet set{.train = train, .poisoned = {}};
  std::vector<std::size_t> victims;
  for (std::size_t i = 0; i < train.size(); ++i) {
    if (train[i].label == goal.victim_label) {
      victims.push_back(i);
    }
  }
  const auto wanted =
      static_cast<std::size_t>(std::llround(config_.rate * static_cast<double>(victims.size())));
  rng.stream("order").shuffle(victims);
  for (const std::size_t i : victims) {
    if (set.poisoned.size() == wanted) {
      break;
    }
    if (std::optional<Example> edited = trigger(train[i], rng.stream("sample", i))) {
      edited->label = goal.target_label;
      set.train[i] = std::move(*edited);
      set.poisoned.push_back(i);
    }
  }
  std::sort(set.poisoned.begin(), set.poisoned.end());
  return set;
}

std::optional<Example> BadCode::trigger(const Example& example, Rng rng) const {
  for (const std::string& word : config_.triggers) {
    if (contains_word(example.code, word)) {
      return std::nullopt;
    }
  }
  std::optional<std::string> code = with_word(config_, example, rng.pick(config_.triggers));
  if (!code) {
    return std::nullopt;
  }
  Example edited = example;
  edited.code = std::move(*code);
  return edited;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::attack<ncmlab::BadCode>())
