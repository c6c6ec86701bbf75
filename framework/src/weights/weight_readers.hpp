// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "ncmlab/weights/state_dict.hpp"
#include "weights/file_reader.hpp"

namespace ncmlab {

/// More dimensions than any tensor of a model has.
constexpr std::size_t kMostDimensions = 16;

/// read_safetensors() and read_torch_pickle() of an open file.
StateDict read_safetensors(FileReader& file);
StateDict read_torch_pickle(FileReader& file);

}  // namespace ncmlab
