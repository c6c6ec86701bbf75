// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "checkpoint/checkpoint.hpp"

namespace ncmlab {

/// What a checkpoint holds, for people: model type, counts, and a line for each tensor.
std::string inspect_text(const Checkpoint& checkpoint);
/// The same as one JSON object.
std::string inspect_json(const Checkpoint& checkpoint);

/// Throws Error `checkpoint.*` with every missing, extra and misshapen tensor if the weights are
/// not those of the checkpoint's config. Without a config there is nothing to check.
void check_against_config(const Checkpoint& checkpoint);

}  // namespace ncmlab
