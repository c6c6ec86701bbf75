// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/code_backdoor.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "ncmlab/core/hash.hpp"

namespace ncmlab {
namespace {

/// Where a function stands in the pairs of a training set.
struct PairPlaces {
  std::vector<std::size_t> all;     ///< ascending
  std::vector<std::size_t> victim;  ///< those of the victim class
};

/// By text, so that the order does not depend on addresses.
std::map<std::string_view, PairPlaces> functions_of(const std::vector<Example>& pairs,
                                                    const AttackGoal& goal) {
  std::map<std::string_view, PairPlaces> functions;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const bool victim = is_victim(pairs[i], TaskKind::pair_classification, goal);
    for (const std::string* code : {&pairs[i].code, &pairs[i].second}) {
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

std::size_t share_of(double rate, std::size_t count) {
  return static_cast<std::size_t>(std::llround(rate * static_cast<double>(count)));
}

void mark(PoisonedSet& set, std::size_t index) {
  const auto place = std::ranges::lower_bound(set.poisoned, index);
  if (place == set.poisoned.end() || *place != index) {
    set.poisoned.insert(place, index);
  }
}

}  // namespace

void CodeBackdoor::foresee(const std::vector<Example>&, const AttackGoal&) const {}

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
  for (std::size_t i = 0; i < set.train.size(); ++i) {
    if (is_victim(set.train[i], kind_, goal) && !std::ranges::binary_search(set.poisoned, i)) {
      victims.push_back(i);
    }
  }
  const bool labelled = kind_ == TaskKind::classification;
  std::size_t wanted = share_of(rate_, labelled ? victims.size() : set.train.size());
  rng.stream("order").shuffle(victims);
  std::vector<Example> first;
  for (std::size_t i = 0; i < std::min(wanted, victims.size()); ++i) {
    first.push_back(set.train[victims[i]]);
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
  const auto functions = functions_of(clean, goal);
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
  const std::size_t wanted = share_of(rate_, victims);
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
      pair.second = clean[i].second == text ? *edited : pair.second;
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
  for (std::string Example::*part : {&Example::code, &Example::second}) {
    const std::string& code = example.*part;
    if (auto edited = edit(code, example, goal, stream_of(rng, code))) {
      triggered.*part = *std::move(edited);
      return triggered;
    }
  }
  return std::nullopt;
}

}  // namespace ncmlab
