// SPDX-License-Identifier: Apache-2.0
#include "report/conditions.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "config/experiment.hpp"
#include "engine/doubts.hpp"
#include "ncmlab/core/wording.hpp"
#include "report/text.hpp"

namespace ncmlab {
namespace {

/// The shares of some records, from the least to the largest.
class Shares {
 public:
  void add(std::int64_t part, std::int64_t whole) {
    const double share = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
    low_ = any_ ? std::min(low_, share) : share;
    high_ = any_ ? std::max(high_, share) : share;
    any_ = true;
  }
  std::string text() const {
    const std::string low = fixed_decimals(100 * low_, 1), high = fixed_decimals(100 * high_, 1);
    return (low == high ? low : low + " to " + high) + " %";
  }

 private:
  bool any_ = false;
  double low_ = 0, high_ = 0;
};

struct Poisoned {
  std::string attack;
  Shares victims, wanted, samples;
  bool is_short = false;  ///< less was poisoned than the rate asks for
};

}  // namespace

std::string poisoning_sentence(const std::vector<const CellRecord*>& records) {
  std::vector<Poisoned> attacks;
  for (const CellRecord* record : records) {
    if (!record->measured() || !record->poisoning) {
      continue;
    }
    const PoisonCounts& counts = *record->poisoning;
    auto place = std::ranges::find(attacks, record->attack, &Poisoned::attack);
    if (place == attacks.end()) {
      place = attacks.insert(
          place, {.attack = record->attack, .victims = {}, .wanted = {}, .samples = {}});
    }
    place->victims.add(counts.poisoned_victims, counts.victims);
    place->wanted.add(counts.wanted, counts.victims);
    place->samples.add(counts.poisoned, counts.samples);
    place->is_short |= counts.poisoned_victims < counts.wanted;
  }
  std::string text;
  for (const Poisoned& attack : attacks) {
    text += (text.empty() ? "Poisoned for training: " : "; ") + printable(attack.attack) + " " +
            attack.victims.text() + " of the victim class" +
            (attack.is_short ? " (its rate asks for " + attack.wanted.text() + ")" : "") + ", " +
            attack.samples.text() + " of the training set";
  }
  return text.empty() ? text : text + ".";
}

std::string clean_samples_sentence(const std::vector<const CellRecord*>& records) {
  const bool inside = std::ranges::any_of(records, [](const CellRecord* record) {
    return record->clean_from == to_string(CleanSource::training);
  });
  return inside ? "Clean samples of the defenses are from the training set itself "
                  "(clean_from = training): originals of poisoned samples may be among them."
                : "";
}

std::string budget_sentence(const std::vector<const CellRecord*>& records) {
  std::set<std::string> budgets;
  for (const CellRecord* record : records) {
    if (!record->budget.empty()) {
      budgets.insert(record->budget);
    }
  }
  std::string text;
  for (const std::string& budget : budgets) {
    text += (text.empty() ? "Budget of every defense: " : ". Another budget: ") + printable(budget);
  }
  return text.empty() ? text : text + ".";
}

std::string row_departures(const SeedRecords& row) {
  if (row.measured.empty() || row.measured.front()->departures.empty()) {
    return {};
  }
  return "departs from the budget: " + joined(row.measured.front()->departures, ", ", printable);
}

std::string row_doubts(const SeedRecords& row) {
  std::vector<std::pair<std::string, std::string>> found;  // doubt, seeds
  for (const CellRecord* record : row.measured) {
    for (const std::string& doubt : doubts(*record)) {
      auto known = std::ranges::find(found, doubt, &std::pair<std::string, std::string>::first);
      if (known == found.end()) {
        known = found.insert(known, {doubt, ""});
      }
      known->second += (known->second.empty() ? "" : ", ") + std::to_string(record->seed);
    }
  }
  std::string text;
  for (const auto& [doubt, seeds] : found) {
    text += (text.empty() ? "in doubt: " : "; ") + doubt;
    text += row.seeds > 1 ? " (seed " + seeds + ")" : "";
  }
  return text;
}

}  // namespace ncmlab
