// SPDX-License-Identifier: Apache-2.0
#include "badcode.hpp"

#include <algorithm>

#include "ncmlab/code/edit.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/code_backdoor.hpp"
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
std::optional<std::string> with_word(const BadCodeConfig& config, const std::string& code,
                                     Language language, const std::string& word) {
  const Syntax syntax = parse(code, language);
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
  if (!is_valid_identifier(name, language) || contains_word(code, name)) {
    return std::nullopt;
  }
  std::string edited = rename(code, language, *identifier, name);
  if (parse(edited, language).has_error) {
    return std::nullopt;
  }
  return edited;
}

class BadCodeBackdoor final : public CodeBackdoor {
 public:
  BadCodeBackdoor(const AttackContext& context, const BadCodeConfig& config)
      : CodeBackdoor(context, config.rate), config_(config) {}

  std::vector<std::string> trigger_words() const override { return config_.triggers; }

 protected:
  std::optional<std::string> edit(const std::string& code, const Example& sample,
                                  const AttackGoal& /*goal*/, Rng rng) const override {
    for (const std::string& word : config_.triggers) {
      if (contains_word(code, word)) {
        return std::nullopt;
      }
    }
    return with_word(config_, code, sample.language, rng.pick(config_.triggers));
  }

 private:
  BadCodeConfig config_;
};

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
      .field(
          "rate", &BadCodeConfig::rate,
          "Share of the victim-class training samples or pairs that are poisoned; in retrieval of "
          "the whole training set.",
          range(0.0, 1.0));
}

std::unique_ptr<Backdoor> BadCode::prepare(const AttackContext& context) const {
  return std::make_unique<BadCodeBackdoor>(context, config_);
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::attack<ncmlab::BadCode>())
