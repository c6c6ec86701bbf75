// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weights/file_reader.hpp"

namespace ncmlab {

/// The element types of safetensors that ncmlab computes with.
constexpr std::pair<std::string_view, at::ScalarType> kSafetensorsTypes[] = {
    {"F32", at::kFloat}, {"F16", at::kHalf}, {"BF16", at::kBFloat16}, {"F64", at::kDouble},
    {"I64", at::kLong},  {"I32", at::kInt},  {"I16", at::kShort},     {"I8", at::kChar},
    {"U8", at::kByte},   {"BOOL", at::kBool}};

/// What the header says of one tensor.
struct SafetensorsEntry {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::string foreign_type;  ///< not empty: the type instead, one that ncmlab does not compute with
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  ///< bytes of the data section
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  ///< in the order of their data
  /// Further names of a tensor: the name, then the entry's. `safetensors.torch.save_model` stores a
  /// tied tensor once and its other names in the metadata.
  std::vector<std::pair<std::string, std::string>> other_names;
  std::uint64_t data = 0;  ///< where in the file the data section begins
};

/// Reads the JSON header of safetensors and checks it: names are unique, shapes fit their bytes
/// (but for types that ncmlab has never heard of), and the tensors cover the rest of the file
/// without a gap or an overlap. Throws Error `checkpoint.bad-safetensors`, `checkpoint.truncated`
/// or `io.read`. Memory stays within a small multiple of the header's size.
SafetensorsHeader read_safetensors_header(FileReader& file);

}  // namespace ncmlab
