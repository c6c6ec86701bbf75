// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/subset.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

namespace ncmlab {

namespace {

void keep(std::vector<Example>& examples, std::vector<std::size_t> chosen) {
  std::ranges::sort(chosen);
  std::vector<Example> kept;
  kept.reserve(chosen.size());
  for (const std::size_t index : chosen) {
    kept.push_back(std::move(examples[index]));
  }
  examples = std::move(kept);
}

bool keeps_all(const std::vector<Example>& examples, std::int64_t limit) {
  return limit == 0 || static_cast<std::size_t>(limit) >= examples.size();
}

}  // namespace

void keep_at_most(std::vector<Example>& examples, std::int64_t limit, Rng rng) {
  if (!keeps_all(examples, limit)) {
    keep(examples, rng.sample(examples.size(), static_cast<std::size_t>(limit)));
  }
}

void keep_balanced(std::vector<Example>& examples, std::int64_t limit, Rng rng) {
  if (keeps_all(examples, limit)) {
    return;
  }
  std::map<std::int64_t, std::vector<std::size_t>> by_label;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    by_label[examples[i].label].push_back(i);
  }
  std::vector<const std::vector<std::size_t>*> groups;
  for (const auto& [label, places] : by_label) {
    groups.push_back(&places);
  }
  // The rarest first: what it cannot fill of its share is left to the others.
  std::ranges::stable_sort(groups, {}, [](const auto* places) { return places->size(); });
  std::vector<std::size_t> chosen;
  auto left = static_cast<std::size_t>(limit);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::size_t share = std::min(groups[i]->size(), left / (groups.size() - i));
    for (const std::size_t place : rng.sample(groups[i]->size(), share)) {
      chosen.push_back((*groups[i])[place]);
    }
    left -= share;
  }
  keep(examples, std::move(chosen));
}

}  // namespace ncmlab
