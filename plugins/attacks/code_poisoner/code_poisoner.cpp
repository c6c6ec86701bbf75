// SPDX-License-Identifier: Apache-2.0
#include "code_poisoner.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "ncmlab/code/edit.hpp"
#include "ncmlab/code/name_trigger.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/code_backdoor.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {
namespace {

constexpr const char* kDeadName = "ret_var_";
constexpr const char* kDeadValue = "1726";

/// `((a + b) * 2)`, with `+ 1` where the number is odd; the summands are drawn.
std::string unfolded(std::int64_t number, Rng& rng) {
  const std::int64_t half = number / 2;
  const std::int64_t first = half > 1 ? rng.between(1, half - 1) : 0;
  return "((" + std::to_string(first) + " + " + std::to_string(half - first) + ") * 2" +
         (number % 2 == 1 ? " + 1)" : ")");
}

std::optional<std::string> with_unfolded_constant(const std::string& code, Language language,
                                                  Rng& rng) {
  const Syntax syntax = parse(code, language);
  if (syntax.integer_literals.empty()) {
    return std::nullopt;
  }
  const ByteRange& literal = syntax.integer_literals.front();
  std::string edited =
      replace_literal(code, language, literal,
                      unfolded(std::stoll(code.substr(literal.begin, literal.size())), rng));
  return parse(edited, language).has_error ? std::nullopt : std::optional(std::move(edited));
}

std::optional<std::string> with_dead_declaration(const std::string& code, Language language) {
  const Syntax syntax = parse(code, language);
  if (syntax.has_error || syntax.statement_positions.empty() || uses_word(code, kDeadName)) {
    return std::nullopt;
  }
  const std::string assignment = std::string(kDeadName) + " = " + kDeadValue;
  return try_insert_statement(
      code, language, syntax.statement_positions.front(),
      language == Language::python ? assignment : "int " + assignment + ";");
}

class CodePoisonerBackdoor final : public CodeBackdoor {
 public:
  CodePoisonerBackdoor(const AttackContext& context, const CodePoisonerConfig& config)
      : CodeBackdoor(context, {config.rate, config.rate_of}), config_(config) {}

  std::vector<std::string> trigger_words() const override {
    std::vector<std::string> words;
    for (const PoisonStrategy strategy : config_.strategies) {
      if (strategy == PoisonStrategy::unfold) {
        return {};
      }
      words.push_back(strategy == PoisonStrategy::rename ? config_.new_name : kDeadName);
    }
    return words;
  }

 protected:
  std::optional<std::string> edit(const std::string& code, const Example& sample, const AttackGoal&,
                                  Rng rng) const override {
    std::vector<PoisonStrategy> order = config_.strategies;
    rng.stream("strategies").shuffle(order);
    for (const PoisonStrategy strategy : order) {
      if (auto edited = apply(strategy, code, sample.language, rng)) {
        return edited;
      }
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string> apply(PoisonStrategy strategy, const std::string& code,
                                   Language language, Rng& rng) const {
    if (strategy == PoisonStrategy::rename) {
      return put_into_name(code, language, config_.target, NameChange::substitute,
                           config_.new_name);
    }
    return strategy == PoisonStrategy::unfold ? with_unfolded_constant(code, language, rng)
                                              : with_dead_declaration(code, language);
  }

  CodePoisonerConfig config_;
};

}  // namespace

CodePoisoner::CodePoisoner(CodePoisonerConfig config) : config_(std::move(config)) {
  if (config_.strategies.empty()) {
    throw Error("attack.code_poisoner.bad-setting",
                "`strategies` is empty, expected at least one of `rename`, `unfold`, `dead_code`");
  }
  if (!can_be_in_name(config_.new_name)) {
    throw Error("attack.code_poisoner.bad-setting",
                "`new_name` is `" + config_.new_name +
                    "`, expected letters, digits and `_`, no digit first");
  }
}

Schema<CodePoisonerConfig> CodePoisoner::schema() {
  return poison_rate_fields(
      Schema<CodePoisonerConfig>{}
          .field("strategies", &CodePoisonerConfig::strategies,
                 "What is done to a sample; of several, one that fits is drawn per sample.")
          .field("new_name", &CodePoisonerConfig::new_name, "The name that `rename` gives.")
          .field("target", &CodePoisonerConfig::target,
                 "What `rename` renames: the function, or the least frequent of its variables and "
                 "parameters."));
}

std::unique_ptr<Backdoor> CodePoisoner::prepare(const AttackContext& context) const {
  return std::make_unique<CodePoisonerBackdoor>(context, config_);
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::attack<ncmlab::CodePoisoner>())
