// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "ncmlab/nn/state_dict.hpp"

namespace ncmlab {

/// What read_weights() of a folder gives, for a check of names and shapes. Of safetensors only the
/// header is read: their tensors are zeros that share one number. Throws what read_weights() throws
/// for what is read.
StateDict read_weight_shapes(const std::filesystem::path& folder);

}  // namespace ncmlab
