// SPDX-License-Identifier: Apache-2.0
#include "random_removal.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {

Schema<RandomRemovalConfig> RandomRemoval::schema() {
  return Schema<RandomRemovalConfig>{}.field("share", &RandomRemovalConfig::share,
                                             "Share of the training set that is removed.",
                                             range(0.0, 1.0));
}

Suspicion RandomRemoval::inspect(DefenseContext& context) const {
  context.progress.check();
  const std::size_t all = context.training_set.size();
  Rng rng = context.rng.stream("order");
  Suspicion suspicion;
  suspicion.flagged = rng.sample(all, all);
  suspicion.scores.resize(all);
  for (std::size_t i = 0; i < all; ++i) {
    suspicion.scores[suspicion.flagged[i]] = static_cast<double>(all - i);
  }
  suspicion.flagged.resize(
      static_cast<std::size_t>(std::llround(config_.share * static_cast<double>(all))));
  std::ranges::sort(suspicion.flagged);
  suspicion.figures["removed_samples"] = static_cast<double>(suspicion.flagged.size());
  return suspicion;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::RandomRemoval>())
