// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/core/rng.hpp"

namespace ncmlab {

/// Words that may fill a hole of a DefectPattern, by the hole's letter. Empty for a letter that
/// stands for no name.
const std::vector<std::string_view>& name_pool(char letter);

/// A function's name: a verb and one or two nouns, in snake_case or camelCase.
std::string random_function_name(Rng& rng);

}  // namespace ncmlab
