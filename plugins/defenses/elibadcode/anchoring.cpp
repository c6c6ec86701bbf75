// SPDX-License-Identifier: Apache-2.0
#include "anchoring.hpp"

#include <cstddef>

namespace ncmlab::elibadcode {

std::vector<TriggerIds> shrink(const TriggerIds& trigger,
                               const std::function<double(const TriggerIds&)>& loss) {
  std::vector<TriggerIds> steps = {trigger};
  while (steps.back().size() > 1) {
    TriggerIds best;
    double best_loss = 0;
    for (std::size_t i = 0; i < steps.back().size(); ++i) {
      TriggerIds shorter = steps.back();
      shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
      const double shorter_loss = loss(shorter);
      if (best.empty() || shorter_loss < best_loss) {
        best = shorter;
        best_loss = shorter_loss;
      }
    }
    steps.push_back(best);
  }
  return steps;
}

TriggerIds anchor(const TriggerIds& trigger, double beta,
                  const std::function<double(const TriggerIds&)>& loss) {
  const double limit = loss(trigger) + beta;
  const std::vector<TriggerIds> steps = shrink(trigger, loss);
  std::size_t kept = 0;
  while (kept + 1 < steps.size() && loss(steps[kept + 1]) <= limit) {
    ++kept;
  }
  return steps[kept];
}

}  // namespace ncmlab::elibadcode
