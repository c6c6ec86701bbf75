// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "ncmlab/plugin/defense.hpp"

namespace ncmlab {

/// Throws Error `defense.no-clean-samples`, which names `defense`, where there are none.
void require_clean_samples(const DefenseContext& context, std::string_view defense);

}  // namespace ncmlab
