// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "engine/plan.hpp"
#include "engine/workshop.hpp"

namespace ncmlab {

/// Makes the language models that the cells' defenses ask for, of each task and model once and of
/// the first seed there, so that a run does not train victims for hours before it finds that there
/// is none. Throws Error `language.*`; whatever else goes wrong is left to the stages.
void check_language_models(Workshop& workshop, const std::vector<Cell>& cells, Progress& progress);

}  // namespace ncmlab
