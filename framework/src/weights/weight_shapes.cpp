// SPDX-License-Identifier: Apache-2.0
#include "weights/weight_shapes.hpp"

#include <torch/types.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "weights/foreign_elements.hpp"
#include "weights/safetensors_header.hpp"

namespace ncmlab {
namespace {

/// A tensor of this shape that has the memory of one number.
at::Tensor of_shape(const std::vector<std::int64_t>& shape, at::ScalarType type) {
  return at::zeros({1}, type).as_strided(shape, std::vector<std::int64_t>(shape.size(), 0));
}

StateDict shapes_in(const std::filesystem::path& path) {
  FileReader file(path);
  SafetensorsHeader header = read_safetensors_header(file);
  StateDict shapes;
  for (SafetensorsEntry& entry : header.entries) {
    at::Tensor shape;
    if (entry.foreign_type.empty()) {
      shape = of_shape(entry.shape, entry.type);
    } else {
      const auto size = static_cast<std::int64_t>(entry.end - entry.begin);
      shape = foreign_tensor({.type = std::move(entry.foreign_type),
                              .shape = std::move(entry.shape),
                              .bytes = of_shape({size}, at::kByte)});
    }
    shapes.add(std::move(entry.name), std::move(shape));
  }
  for (auto& [name, stored] : header.other_names) {
    shapes.add(std::move(name), shapes.at(stored).alias());
  }
  return shapes;
}

}  // namespace

StateDict read_weight_shapes(const std::filesystem::path& folder) {
  const std::filesystem::path weights = folder / "model.safetensors";
  const bool is_alone = !std::filesystem::exists(folder / "classifier.safetensors");
  return std::filesystem::exists(weights) && is_alone ? shapes_in(weights) : read_weights(folder);
}

}  // namespace ncmlab
