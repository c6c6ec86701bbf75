// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/model/code_model.hpp"
#include "sketch.hpp"
#include "target.hpp"

namespace ncmlab::afraidoor {

/// For each sketch a new name for each of its identifiers (Yang et al., section 3.2): from the
/// gradient of the loss at the masked sites, the name of the pool with the lowest first-order loss,
/// averaged over the identifier's sites. Identifiers choose in turn, and no name serves two of them
/// or already stands in the function. An identifier without a site within the row takes the first
/// name that is left. Sketches of similar length share a backward pass. `progress` advances
/// by one per sketch.
std::vector<std::vector<std::string>> adversarial_names(CodeModel& surrogate,
                                                        const std::vector<Sketch>& sketches,
                                                        const Target& target, Progress& progress);

}  // namespace ncmlab::afraidoor
