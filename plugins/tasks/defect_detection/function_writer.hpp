// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "defect_patterns.hpp"
#include "ncmlab/core/rng.hpp"

namespace ncmlab {

/// One function, once without and once with the defect.
struct FunctionPair {
  DefectKind kind = DefectKind::bounds_check;
  std::size_t pattern = 0;  ///< which of defect_patterns(kind)
  std::string sound;
  std::string defective;
};

/// Writes a function around one randomly chosen pattern of a random kind, together with the sound
/// forms of others, in random order, under random names.
FunctionPair write_function_pair(Rng& rng);

}  // namespace ncmlab
