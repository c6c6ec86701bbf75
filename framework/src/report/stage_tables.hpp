// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report/table.hpp"

namespace ncmlab {

/// A table with columns that are about three stages of defenses or more becomes several: what all
/// defenses have in common, then for each stage what is measured of its defenses alone, in the rows
/// where there is anything. Others stay as they are.
std::vector<Table> by_stage(std::vector<Table> tables);

/// The task, and which part of its table this is.
std::string full_title(const Table& table);

}  // namespace ncmlab
