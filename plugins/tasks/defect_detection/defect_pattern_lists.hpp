// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "defect_patterns.hpp"

namespace ncmlab {

std::vector<DefectPattern> bounds_check_patterns();
std::vector<DefectPattern> off_by_one_patterns();
std::vector<DefectPattern> null_check_patterns();
std::vector<DefectPattern> use_after_free_patterns();
std::vector<DefectPattern> leak_patterns();
std::vector<DefectPattern> division_patterns();

}  // namespace ncmlab
