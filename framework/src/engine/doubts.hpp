// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "engine/record.hpp"

namespace ncmlab {

/// Why the figures of a measured cell mean little or nothing, one sentence part each: one class in
/// the test set or in the answers, an accuracy that the majority class has by itself, a search no
/// better than chance, a trigger that does nothing to an undefended victim. Empty: no doubt.
std::vector<std::string> doubts(const CellRecord& record);

}  // namespace ncmlab
