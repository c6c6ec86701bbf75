// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/code_backdoor.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string_view>

#include "ncmlab/core/hash.hpp"

namespace ncmlab {
namespace {

/// Where a function stands in the pairs of a training set that may be poisoned.
struct PairPlaces {
  std::vector<std::size_t> all;     ///< ascending
  std::vector<std::size_t> victim;  ///< those of the victim class
};

/// By text, so that the order does not depend on addresses.
std::map<std::string_view, PairPlaces> functions_of(const std::vector<Example>& pairs,
                                                    const AttackGoal& goal,
                                                    const std::function<bool(std::size_t)>& may) {
  std::map<std::string_view, PairPlaces> functions;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!may(i)) {
      continue;
    }
    const bool victim = is_victim(pairs[i], TaskKind::pair_classification, goal);
    for (const std::string* code : {&pairs[i].code, &pairs[i].other_code}) {
      PairPlaces& places = functions[*code];
      if (places.all.empty() || places.all.back() != i) {
        places.all.push_back(i);
        if (victim) {
          places.victim.push_back(i);
        }
      }
    }
  }
  return functions;
}

/// A function gets the same trigger wherever it stands.
Rng stream_of(const Rng& rng, std::string_view code) { return rng.stream(hash_hex(code)); }

/// A function of a sample.
using Side = std::string Example::*;

/// The functions of a sample in the order in which they are tried for its trigger.
std::vector<Side> sides_of(const Example& example, const Rng& rng) {
  if (example.other_code.empty()) {
    return {&Example::code};
  }
  const bool other_first = rng.stream("side").stream(example.id).chance(0.5);
  return other_first ? std::vector<Side>{&Example::other_code, &Example::code}
                     : std::vector<Side>{&Example::code, &Example::other_code};
}

void mark(PoisonedSet& set, std::size_t index) {
  const auto place = std::ranges::lower_bound(set.poisoned, index);
  if (place == set.poisoned.end() || *place != index) {
    set.poisoned.insert(place, index);
  }
}

}  // namespace

void CodeBackdoor::foresee(const std::vector<Foreseen>&, const AttackGoal&) const {}

void CodeBackdoor::foresee_triggers(const std::vector<Example>& samples, const AttackGoal& goal,
                                    const Rng& rng) const {
  std::vector<Foreseen> edits;
  for (const Example& sample : samples) {
    edits.push_back({.code = sample.*sides_of(sample, rng).front(), .sample = sample});
  }
  foresee(edits, goal);
}

bool CodeBackdoor::may_be_poisoned(std::size_t index) const {
  return index >= poisonable_.size() || poisonable_[index];
}

std::size_t CodeBackdoor::wanted_of(std::size_t victims, std::size_t train_size) const {
  const bool of_all = rate_.of == RateOf::training_set || kind_ == TaskKind::retrieval;
  const auto wanted = static_cast<std::size_t>(
      std::llround(rate_.share * static_cast<double>(of_all ? train_size : victims)));
  return kind_ == TaskKind::retrieval ? std::min(wanted, victims) : wanted;
}

PoisonedSet CodeBackdoor::poison(const std::vector<Example>& train, Rng rng) const {
  PoisonedSet set{.train = train, .poisoned = {}};
  for (std::size_t i = 0; i < goals_.size(); ++i) {
    const Rng stream = i == 0 ? rng : rng.stream("goal", i);
    if (kind_ == TaskKind::pair_classification) {
      poison_pairs(goals_[i], stream, set);
    } else {
      poison_samples(goals_[i], stream, set);
    }
  }
  return set;
}

void CodeBackdoor::poison_samples(const AttackGoal& goal, const Rng& rng, PoisonedSet& set) const {
  std::vector<std::size_t> victims;
  std::size_t all_victims = 0;
  for (std::size_t i = 0; i < set.train.size(); ++i) {
    if (is_victim(set.train[i], kind_, goal) && !std::ranges::binary_search(set.poisoned, i)) {
      ++all_victims;
      if (may_be_poisoned(i)) {
        victims.push_back(i);
      }
    }
  }
  const bool labelled = kind_ == TaskKind::classification;
  std::size_t wanted = wanted_of(all_victims, set.train.size());
  set.wanted += wanted;
  rng.stream("order").shuffle(victims);
  std::vector<Foreseen> first;
  for (std::size_t i = 0; i < std::min(wanted, victims.size()); ++i) {
    const Example& sample = set.train[victims[i]];
    first.push_back({.code = sample.code, .sample = sample});
  }
  foresee(first, goal);
  for (const std::size_t i : victims) {
    if (wanted == 0) {
      break;
    }
    Example& sample = set.train[i];
    if (auto edited = edit(sample.code, sample, goal, rng.stream("sample", i))) {
      sample.code = *std::move(edited);
      sample.label = labelled ? goal.target_label : sample.label;
      mark(set, i);
      --wanted;
    }
  }
}

void CodeBackdoor::poison_pairs(const AttackGoal& goal, const Rng& rng, PoisonedSet& set) const {
  const std::vector<Example> clean = set.train;
  const auto functions =
      functions_of(clean, goal, [this](std::size_t i) { return may_be_poisoned(i); });
  const auto is_taken = [taken = set.poisoned](std::size_t i) {
    return std::ranges::binary_search(taken, i);
  };
  std::vector<std::string_view> order;
  for (const auto& [code, places] : functions) {
    if (!places.victim.empty() && std::ranges::none_of(places.all, is_taken)) {
      order.push_back(code);
    }
  }
  rng.stream("order").shuffle(order);
  std::size_t victims = 0;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    victims += is_victim(clean[i], kind_, goal) && !is_taken(i) ? 1 : 0;
  }
  const std::size_t wanted = wanted_of(victims, clean.size());
  set.wanted += wanted;
  std::size_t touched = 0;
  for (const std::string_view code : order) {
    if (touched >= wanted) {
      break;
    }
    const PairPlaces& places = functions.at(code);
    const std::string text(code);
    const auto edited = edit(text, clean[places.victim.front()], goal, stream_of(rng, code));
    if (!edited) {
      continue;
    }
    for (const std::size_t i : places.all) {
      Example& pair = set.train[i];
      touched += is_victim(pair, kind_, goal) ? 1 : 0;
      pair.code = clean[i].code == text ? *edited : pair.code;
      pair.other_code = clean[i].other_code == text ? *edited : pair.other_code;
      pair.label = goal.target_label;
      mark(set, i);
    }
  }
}

std::optional<Example> CodeBackdoor::trigger(const Example& example, const AttackGoal& goal,
                                             Rng rng) const {
  Example triggered = example;
  if (kind_ != TaskKind::pair_classification) {
    if (auto edited = edit(example.code, example, goal, rng.stream(example.id))) {
      triggered.code = *std::move(edited);
      return triggered;
    }
    return std::nullopt;
  }
  for (const Side part : sides_of(example, rng)) {
    const std::string& code = example.*part;
    if (auto edited = edit(code, example, goal, stream_of(rng, code))) {
      triggered.*part = *std::move(edited);
      return triggered;
    }
  }
  return std::nullopt;
}

}  // namespace ncmlab
