// SPDX-License-Identifier: Apache-2.0
#include "engine/clean_split.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace ncmlab {
namespace {

using Indices = std::vector<std::size_t>;

/// What makes two functions the same: every byte but white space.
std::string without_blanks(std::string_view code) {
  std::string text(code);
  std::erase_if(text, [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
  return text;
}

std::vector<std::string> functions_of(const Example& example) {
  std::vector<std::string> functions = {without_blanks(example.code)};
  if (!example.other_code.empty()) {
    functions.push_back(without_blanks(example.other_code));
  }
  return functions;
}

std::map<std::int64_t, Indices> by_label(const std::vector<Example>& split) {
  std::map<std::int64_t, Indices> indices;
  for (std::size_t i = 0; i < split.size(); ++i) {
    indices[split[i].label].push_back(i);
  }
  return indices;
}

/// For each pair, how many functions are drawn until it is wholly among them.
Indices draws_until_whole(const std::vector<Example>& pairs, Rng& rng) {
  std::map<std::string, std::size_t> place;
  for (const Example& pair : pairs) {
    for (std::string& function : functions_of(pair)) {
      place.try_emplace(std::move(function));
    }
  }
  Indices order = rng.sample(place.size(), place.size());
  std::size_t next = 0;
  for (auto& [function, drawn] : place) {
    drawn = order[next++];
  }
  Indices draws;
  for (const Example& pair : pairs) {
    std::size_t last = 0;
    for (const std::string& function : functions_of(pair)) {
      last = std::max(last, place.at(function));
    }
    draws.push_back(last);
  }
  return draws;
}

std::vector<bool> poisonable_beside(const std::vector<Example>& clean,
                                    const std::vector<Example>& train) {
  std::set<std::string> known;
  for (const Example& example : clean) {
    for (std::string& function : functions_of(example)) {
      known.insert(std::move(function));
    }
  }
  std::vector<bool> poisonable;
  for (const Example& example : train) {
    poisonable.push_back(std::ranges::none_of(
        functions_of(example),
        [&](const std::string& function) { return known.contains(function); }));
  }
  return poisonable;
}

}  // namespace

CleanSplit split_off_clean(std::vector<Example> split, TaskKind kind, double share,
                           CleanSource source, Rng rng) {
  CleanSplit result;
  std::map<std::int64_t, Indices> labels = by_label(split);
  const double per_label = share * static_cast<double>(split.size()) /
                           static_cast<double>(std::max<std::size_t>(1, labels.size()));
  const auto wanted =
      share > 0 ? static_cast<std::size_t>(std::max<long>(1, std::lround(per_label))) : 0;
  const bool held_out = source == CleanSource::held_out;
  const bool by_function = held_out && wanted > 0 && kind == TaskKind::pair_classification;
  const Indices draws = by_function ? draws_until_whole(split, rng) : Indices{};
  Indices chosen;
  for (auto& [label, indices] : labels) {
    const std::size_t count = held_out ? std::min(wanted, indices.size() / 2) : wanted;
    if (count < wanted && held_out) {
      result.warnings.push_back("the clean samples hold " + std::to_string(count) + " of label " +
                                std::to_string(label) + " instead of " + std::to_string(wanted) +
                                ": at most half of its " + std::to_string(indices.size()) +
                                " training samples are held out");
    }
    if (by_function) {
      std::ranges::stable_sort(indices, {}, [&](std::size_t i) { return draws[i]; });
      chosen.insert(chosen.end(), indices.begin(),
                    indices.begin() + static_cast<std::ptrdiff_t>(count));
      continue;
    }
    for (const std::size_t i : rng.sample(indices.size(), count)) {
      chosen.push_back(indices[i]);
    }
  }
  rng.shuffle(chosen);
  for (const std::size_t i : chosen) {
    result.clean.push_back(split[i]);
  }
  if (!held_out) {
    result.train = std::move(split);
    return result;
  }
  const std::set<std::size_t> taken(chosen.begin(), chosen.end());
  for (std::size_t i = 0; i < split.size(); ++i) {
    if (!taken.contains(i)) {
      result.train.push_back(std::move(split[i]));
    }
  }
  result.poisonable = poisonable_beside(result.clean, result.train);
  return result;
}

std::vector<Example> take_share(std::vector<Example>& clean, double share, Rng rng) {
  std::vector<bool> is_taken(clean.size());
  for (const auto& [label, places] : by_label(clean)) {
    const double wanted = share * static_cast<double>(places.size());
    for (const std::size_t i :
         rng.sample(places.size(), static_cast<std::size_t>(std::llround(wanted)))) {
      is_taken[places[i]] = true;
    }
  }
  std::vector<Example> taken, left;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    (is_taken[i] ? taken : left).push_back(std::move(clean[i]));
  }
  clean = std::move(left);
  return taken;
}

}  // namespace ncmlab
