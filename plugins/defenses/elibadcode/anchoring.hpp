// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "ncmlab/inversion/candidate_scorer.hpp"

namespace ncmlab::elibadcode {

/// Stage 4. Trigger anchoring (paper, section 4.5): the tokens of `trigger` that its effect needs,
/// the last step of shrink() up to which every loss stays within `beta` of the whole trigger's. At
/// least one token is left, with `keep_first` the first one; an empty trigger stays empty.
TriggerIds anchor(const TriggerIds& trigger, bool keep_first, double beta,
                  const std::function<double(const TriggerIds&)>& loss);

}  // namespace ncmlab::elibadcode
