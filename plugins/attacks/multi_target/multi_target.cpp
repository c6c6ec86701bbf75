// SPDX-License-Identifier: Apache-2.0
#include "multi_target.hpp"

#include <algorithm>
#include <optional>

#include "ncmlab/code/name_trigger.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/code_backdoor.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {
namespace {

class MultiTargetBackdoor final : public CodeBackdoor {
 public:
  MultiTargetBackdoor(const AttackContext& context, const MultiTargetConfig& config)
      : CodeBackdoor(context, {config.rate, config.rate_of}), config_(config) {
    config_.triggers.resize(std::min(config_.triggers.size(), goals().size()));
  }

  std::vector<std::string> trigger_words() const override { return config_.triggers; }

 protected:
  std::optional<std::string> edit(const std::string& code, const Example& sample,
                                  const AttackGoal& goal, Rng) const override {
    const auto place = std::find(goals().begin(), goals().end(), goal);
    if (place == goals().end() || holds_a_trigger(code)) {
      return std::nullopt;
    }
    return put_into_name(code, sample.language, config_.target, config_.mode,
                         config_.triggers.at(static_cast<std::size_t>(place - goals().begin())));
  }

 private:
  bool holds_a_trigger(const std::string& code) const {
    return std::any_of(config_.triggers.begin(), config_.triggers.end(),
                       [&](const std::string& word) { return holds_name_part(code, word); });
  }

  MultiTargetConfig config_;
};

}  // namespace

MultiTarget::MultiTarget(MultiTargetConfig config) : config_(std::move(config)) {
  const auto& words = config_.triggers;
  if (words.size() < 2) {
    throw Error("attack.multi_target.bad-trigger",
                "`triggers` holds " + std::to_string(words.size()) +
                    " words, expected at least two, one per target");
  }
  for (const std::string& word : words) {
    if (!can_be_in_name(word)) {
      throw Error("attack.multi_target.bad-trigger",
                  "trigger `" + word +
                      "` cannot be part of a name, expected letters, digits and `_`, no digit "
                      "first");
    }
    if (std::count(words.begin(), words.end(), word) > 1) {
      throw Error("attack.multi_target.bad-trigger", "trigger `" + word + "` is given twice");
    }
  }
}

Schema<MultiTargetConfig> MultiTarget::schema() {
  return poison_rate_fields(
      Schema<MultiTargetConfig>{}
          .field("triggers", &MultiTargetConfig::triggers, "The trigger words, one per target.")
          .field("target_words", &MultiTargetConfig::target_words,
                 "Retrieval: the words that the second trigger and those after it target.")
          .field(
              "target", &MultiTargetConfig::target,
              "The identifier that carries the trigger: the function's name, or the least frequent "
              "of its variables and parameters.")
          .field(
              "mode", &MultiTargetConfig::mode,
              "How the trigger enters the name: instead of it, before, between its parts or after "
              "it."));
}

std::vector<AttackGoal> MultiTarget::goals(const AttackGoal& given, const TaskView& task) const {
  std::vector<AttackGoal> goals = {given};
  if (task.kind() == TaskKind::retrieval) {
    for (const std::string& word : config_.target_words) {
      AttackGoal goal = given;
      goal.target_word = word;
      if (goals.size() < config_.triggers.size() &&
          std::find(goals.begin(), goals.end(), goal) == goals.end()) {
        goals.push_back(std::move(goal));
      }
    }
    return goals;
  }
  const auto labels = std::ssize(task.label_names());
  for (std::int64_t i = 1; i < std::min(labels, std::ssize(config_.triggers)); ++i) {
    goals.push_back({.victim_label = (given.victim_label + i) % labels,
                     .target_label = (given.target_label + i) % labels,
                     .target_word = {}});
  }
  return goals;
}

std::unique_ptr<Backdoor> MultiTarget::prepare(const AttackContext& context) const {
  return std::make_unique<MultiTargetBackdoor>(context, config_);
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::attack<ncmlab::MultiTarget>())
