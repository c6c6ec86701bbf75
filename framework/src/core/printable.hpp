// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ncmlab {

/// One line of valid UTF-8 that a terminal shows as it is: line ends, tabs, control characters (C0,
/// DEL, C1), characters that change the direction of writing or show nothing, and bytes that are
/// not UTF-8 become `\n`, `\t`, `\xNN`, `\u{NNNN}`. For any text from a file, so that it cannot
/// move the cursor, break a table or pass for something else.
std::string printable(std::string_view text);

/// The same for text of several lines: line ends and tabs stay.
std::string printable_lines(std::string_view text);

}  // namespace ncmlab
