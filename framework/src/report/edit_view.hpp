// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ncmlab {

struct EditViewOptions {
  int width = 80;       ///< columns to stay within where the lines allow it
  bool colour = false;  ///< ANSI colours; else `[-removed-]` and `{+added+}`
};

/// Where two versions of a source differ, with two lines around each place: side by side when both
/// fit into `width`, else one below the other. Lines end in a newline. Words of changed lines are
/// marked alone, new lines whole. Empty for equal sources.
std::string render_edit(std::string_view clean, std::string_view edited,
                        const EditViewOptions& options);

}  // namespace ncmlab
