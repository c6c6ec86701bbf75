// SPDX-License-Identifier: Apache-2.0
#include "anchoring.hpp"

#include <cstddef>

namespace ncmlab::elibadcode {

TriggerIds anchor(const TriggerIds& trigger, double beta,
                  const std::function<double(const TriggerIds&)>& loss) {
  if (trigger.size() < 2) {
    return trigger;
  }
  const double limit = loss(trigger) + beta;
  TriggerIds kept = trigger;
  while (kept.size() > 1) {
    TriggerIds best;
    double best_loss = 0;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      TriggerIds shorter = kept;
      shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
      const double shorter_loss = loss(shorter);
      if (best.empty() || shorter_loss < best_loss) {
        best = shorter;
        best_loss = shorter_loss;
      }
    }
    if (best_loss > limit) {
      break;
    }
    kept = best;
  }
  return kept;
}

}  // namespace ncmlab::elibadcode
