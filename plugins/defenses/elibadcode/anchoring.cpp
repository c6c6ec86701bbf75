// SPDX-License-Identifier: Apache-2.0
#include "anchoring.hpp"

#include <cstddef>
#include <vector>

#include "ncmlab/plugin/trigger_search.hpp"

namespace ncmlab::elibadcode {

TriggerIds anchor(const TriggerIds& trigger, bool keep_first, double beta,
                  const std::function<double(const TriggerIds&)>& loss) {
  const double limit = loss(trigger) + beta;
  const std::vector<TriggerIds> steps = shrink(trigger, keep_first, loss);
  std::size_t kept = 0;
  while (kept + 1 < steps.size() && loss(steps[kept + 1]) <= limit) {
    ++kept;
  }
  return steps[kept];
}

}  // namespace ncmlab::elibadcode
