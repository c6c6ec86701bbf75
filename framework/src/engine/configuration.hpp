// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "engine/plan.hpp"

namespace ncmlab {

/// Everything that the cell's result depends on but its seed, by name: the parts of the keys of all
/// its stages, those of a surrogate with `surrogate.` before them. Cells with equal configurations
/// differ by their seeds only.
std::map<std::string, std::string> configuration_of(const Plan& plan, const Cell& cell);

}  // namespace ncmlab
