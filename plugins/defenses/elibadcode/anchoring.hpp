// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "ncmlab/nn/candidate_scorer.hpp"

namespace ncmlab::elibadcode {

/// Stage 4. Trigger anchoring (paper, section 4.5): the tokens of `trigger` that its effect needs.
/// Tokens are dropped one after the other, each time the one whose loss is lowest without it (of
/// equal ones the first), while the loss stays within `beta` of the whole trigger's. At least one
/// token is left; an empty trigger stays empty.
TriggerIds anchor(const TriggerIds& trigger, double beta,
                  const std::function<double(const TriggerIds&)>& loss);

}  // namespace ncmlab::elibadcode
