// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/subset.hpp"

#include <algorithm>

namespace ncmlab {

void keep_at_most(std::vector<Example>& examples, std::int64_t limit, Rng rng) {
  if (limit == 0 || static_cast<std::size_t>(limit) >= examples.size()) {
    return;
  }
  std::vector<std::size_t> chosen = rng.sample(examples.size(), static_cast<std::size_t>(limit));
  std::ranges::sort(chosen);
  std::vector<Example> kept;
  kept.reserve(chosen.size());
  for (const std::size_t index : chosen) {
    kept.push_back(std::move(examples[index]));
  }
  examples = std::move(kept);
}

}  // namespace ncmlab
