// SPDX-License-Identifier: Apache-2.0
#include "engine/promises.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "loader/guarded.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

/// "`c-12`", for a message.
std::string ticked(const std::string& text) { return "`" + text + "`"; }

/// Whether `before` parsed and `after`, its edited form, does not.
bool is_broken(const std::string& before, const std::string& after, Language language) {
  return before != after && parse(after, language).has_error && !parse(before, language).has_error;
}

/// What an attack may not do to a sample, whether it is poisoned or carries the trigger; nothing if
/// it keeps to that.
std::optional<std::string> broken_edit(const Example& before, const Example& after, TaskKind kind) {
  const std::string name = "sample " + ticked(before.id);
  if (after.id != before.id) {
    return "sample " + ticked(after.id) + " in the place of " + ticked(before.id);
  }
  if (after.language != before.language) {
    return name + " in another language";
  }
  if (after.query != before.query) {
    return name + " with another `query`, which is not code";
  }
  if (kind != TaskKind::pair_classification && after.other_code != before.other_code) {
    return name + " with another `other_code`, which only pairs have";
  }
  if (is_broken(before.code, after.code, before.language) ||
      is_broken(before.other_code, after.other_code, before.language)) {
    return name + " with code that does not parse, which it did before the edit";
  }
  return std::nullopt;
}

std::size_t count_equal(const StateDict& a, const StateDict& b) {
  std::size_t equal = 0;
  for (const auto& [name, tensor] : a) {
    const at::Tensor* other = b.find(name);
    equal += other != nullptr && other->sizes() == tensor.sizes() && at::equal(tensor, *other);
  }
  return equal;
}

bool same_weights(const CodeModel& a, const CodeModel& b) {
  const StateDict parameters = a.parameters();
  const StateDict others = b.parameters();
  return parameters.size() == others.size() && count_equal(parameters, others) == parameters.size();
}

void check_indices(const Defense& defense, std::vector<std::size_t>& indices,
                   std::size_t train_size) {
  std::ranges::sort(indices);
  if (std::ranges::adjacent_find(indices) != indices.end()) {
    throw blame(defense, "engine.bad-outcome", "flagged a sample twice");
  }
  if (!indices.empty() && indices.back() >= train_size) {
    throw blame(defense, "engine.bad-outcome",
                "flagged sample " + std::to_string(indices.back()) + ", of " +
                    std::to_string(train_size) + " samples");
  }
}

void check_inverted(const Defense& defense, const InvertedTrigger& trigger,
                    const CodeModel& victim) {
  const std::int64_t vocabulary = victim.tokenizer().vocab_size();
  for (const TriggerIds* ids : {&trigger.ids, &trigger.raw_ids}) {
    for (const std::int64_t id : *ids) {
      if (id < 0 || id >= vocabulary) {
        throw blame(defense, "engine.bad-outcome",
                    "returned token id " + std::to_string(id) + " in a trigger, expected 0 to " +
                        std::to_string(vocabulary - 1));
      }
    }
  }
  for (const std::int64_t label : {trigger.victim_label, trigger.target_label}) {
    if (label < 0 || label >= victim.classes()) {
      throw blame(defense, "engine.bad-outcome",
                  "returned label " + std::to_string(label) + " of a trigger, of " +
                      std::to_string(victim.classes()) + " labels");
    }
  }
}

}  // namespace

void check_poisoning(const Attack& attack, const PoisonedSet& set,
                     const std::vector<Example>& clean, const PoisoningRules& rules) {
  const auto reject = [&](const std::string& what) {
    throw blame(attack, "engine.bad-poisoning", "returned " + what);
  };
  if (set.train.size() != clean.size()) {
    reject("a training set of " + std::to_string(set.train.size()) + " samples, expected " +
           std::to_string(clean.size()));
  }
  for (std::size_t i = 0; i < set.poisoned.size(); ++i) {
    if (set.poisoned[i] >= clean.size() || (i > 0 && set.poisoned[i] <= set.poisoned[i - 1])) {
      reject("indices of poisoned samples that do not ascend or are out of range");
    }
  }
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const bool is_listed = std::ranges::binary_search(set.poisoned, i);
    const Example& sample = set.train[i];
    const std::string name = "sample " + ticked(clean[i].id);
    if (const auto wrong = broken_edit(clean[i], sample, rules.kind)) {
      reject(*wrong);
    }
    if (!is_listed && !(sample == clean[i])) {
      reject(name + (sample.label != clean[i].label ? " with another label" : " changed") +
             ", but does not list it as poisoned");
    }
    if (is_listed && !rules.poisonable.empty() && !rules.poisonable[i]) {
      reject(name + " poisoned, which stands among the clean samples, too");
    }
    if (is_listed && sample == clean[i]) {
      reject(name + " as it was, but lists it as poisoned");
    }
    const auto labels = static_cast<std::int64_t>(std::max<std::size_t>(1, rules.labels));
    if (sample.label < 0 || sample.label >= labels) {
      reject(name + " with label " + std::to_string(sample.label) + ", expected 0 to " +
             std::to_string(labels - 1));
    }
  }
}

void check_trigger(const Attack& attack, const Example& clean, const Example& triggered,
                   TaskKind kind) {
  const auto reject = [&](const std::string& what) {
    throw blame(attack, "engine.bad-trigger", "returned with the trigger " + what);
  };
  const std::string name = "sample " + ticked(clean.id);
  if (const auto wrong = broken_edit(clean, triggered, kind)) {
    reject(*wrong);
  }
  if (triggered.label != clean.label) {
    reject(name + " with label " + std::to_string(triggered.label) + ", expected its true label " +
           std::to_string(clean.label));
  }
  if (triggered == clean) {
    reject(name + " as it was without it");
  }
}

void check_effect(const Attack& attack, const AttackEffect& effect) {
  if (effect.poisoned == 0 && effect.train > 0 && !effect.may_poison_nothing) {
    throw blame(attack, "engine.nothing-poisoned",
                "poisoned none of " + std::to_string(effect.train) + " training samples",
                {"raise `rate`, or take more training samples that can carry the trigger",
                 "`rate = 0` trains a victim on clean data on purpose"});
  }
  if (effect.triggered > 0) {
    return;
  }
  if (effect.meant == 0) {
    throw blame(attack, "engine.no-trigger",
                "has nothing to attack: no test sample is of its victim class",
                {"take more test samples, or another `victim_label`"});
  }
  throw blame(
      attack, "engine.no-trigger",
      "has a trigger that none of the " + std::to_string(effect.meant) +
          " test samples of its victim class can carry",
      {"choose another trigger: without a sample that carries it there is no success rate"});
}

void check_weights(const Plugin& plugin, const CodeModel& victim, std::string_view when) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : victim.parameters()) {
    if (!at::isfinite(tensor).all().item<bool>()) {
      throw blame(
          plugin, "engine.bad-weights",
          "left weights that are not finite " + std::string(when) + ": tensor " + ticked(name));
    }
  }
}

void check_scores(const Defense& defense, const std::vector<double>& scores, std::size_t count) {
  if (scores.size() != count) {
    throw blame(defense, "engine.bad-outcome",
                "returned " + std::to_string(scores.size()) + " scores, expected " +
                    std::to_string(count) + ", one for each sample");
  }
  if (!std::ranges::all_of(scores, [](double score) { return std::isfinite(score); })) {
    throw blame(defense, "engine.bad-outcome", "returned a score that is not finite");
  }
}

void check_phase(const Defense& defense, const TrainingPhase& phase, std::size_t train_size) {
  const auto reject = [&](const std::string& what) {
    throw blame(defense, "engine.bad-outcome",
                "returned " + what + " as phase `" + phase.name + "`");
  };
  if (phase.samples.empty()) {
    reject("no samples");
  }
  if (!std::ranges::is_sorted(phase.samples, std::less_equal{}) ||
      phase.samples.back() >= train_size) {
    reject("places of samples that do not ascend or are out of range");
  }
  if (phase.options.epochs < 1 && phase.options.steps < 1) {
    reject("no epochs");
  }
}

std::vector<std::string> check_outcome(const Defense& defense, JudgedOutcome& outcome,
                                       const CodeModel& copy, const CodeModel& given,
                                       std::size_t train_size) {
  if (outcome.flagged) {
    check_indices(defense, *outcome.flagged, train_size);
  }
  if (!outcome.scores.empty()) {
    check_scores(defense, outcome.scores, train_size);
  }
  for (const InvertedTrigger& trigger : outcome.triggers) {
    check_inverted(defense, trigger, given);
  }
  const at::NoGradGuard no_grad;
  const bool is_changed = !same_weights(copy, given);
  if (!outcome.repaired && is_changed) {
    throw blame(defense, "engine.bad-outcome",
                "changed the weights of its copy, but does not say that it repaired the model",
                {"set `repaired`, or work on `victim.clone()`"});
  }
  if (!outcome.repaired) {
    return {};
  }
  check_weights(defense, copy, "after its repair");
  return is_changed ? std::vector<std::string>{}
                    : std::vector<std::string>{
                          "says that it repaired the model, but left all weights as they were"};
}

}  // namespace ncmlab
