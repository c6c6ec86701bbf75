// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ncmlab/plugin/plugin.hpp"

namespace ncmlab {

/// Keys of an entry of this kind that belong to the experiment file: no parameter may be called
/// so.
std::vector<std::string> reserved_keys(PluginKind kind);

}  // namespace ncmlab
