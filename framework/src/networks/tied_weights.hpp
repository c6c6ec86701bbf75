// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "ncmlab/networks/architecture.hpp"

namespace ncmlab {

/// The name under which the tied tensor `original` stands in the encoder's tensors: its own, or
/// else that of a copy, for a file may hold tied tensors once, under any of their names. Empty if
/// it has none.
std::string_view stored_name(const Architecture& architecture, std::string_view original,
                             const StateDict& encoder);

}  // namespace ncmlab
