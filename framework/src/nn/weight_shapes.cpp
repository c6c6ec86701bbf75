// SPDX-License-Identifier: Apache-2.0
#include "nn/weight_shapes.hpp"

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nn/file_reader.hpp"
#include "nn/safetensors_header.hpp"

namespace ncmlab {
namespace {

StateDict read_header(const std::filesystem::path& path) {
  FileReader file(path);
  const std::string prefix = file.read(0, 8, "the header's length");
  const std::uint64_t length = little_endian(prefix.data(), 8);
  const std::string header = file.read(8, length, "the header");
  StateDict shapes;
  for (SafetensorsEntry& entry :
       parse_safetensors_header(header, file.size() - 8 - length, path.string())) {
    const std::vector<std::int64_t> strides(entry.shape.size(), 0);
    shapes.add(std::move(entry.name), at::zeros({1}, entry.type).as_strided(entry.shape, strides));
  }
  return shapes;
}

}  // namespace

StateDict read_weight_shapes(const std::filesystem::path& folder) {
  const std::filesystem::path weights = folder / "model.safetensors";
  const bool is_alone = !std::filesystem::exists(folder / "classifier.safetensors");
  return std::filesystem::exists(weights) && is_alone ? read_header(weights) : read_weights(folder);
}

}  // namespace ncmlab
