// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {

/// What read_weights() of a folder gives, for a check of names and shapes. Of a
/// `model.safetensors` without a `classifier.safetensors` beside it only the header is read: the
/// elements of each tensor share the memory of one zero. All other weights are read whole. Throws
/// what read_weights() throws for what is read.
StateDict read_weight_shapes(const std::filesystem::path& folder);

}  // namespace ncmlab
