// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace ncmlab {

/// `0.69`; never `-0.00`.
std::string fixed_decimals(double value, int decimals);
/// The shortest text that reads back as the same number; empty for one that is not finite.
std::string shortest_number(double value);

}  // namespace ncmlab
