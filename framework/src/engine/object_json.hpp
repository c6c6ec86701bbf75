// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "core/parsed_json.hpp"
#include "engine/described_json.hpp"

namespace ncmlab {

/// What a JSON file in an object of the store holds. Throws Error `store.bad-object` that names it.
template <typename T>
T read_object_json(const std::filesystem::path& file) {
  constexpr BadJson kDamaged{.code = "store.bad-object", .help = "run again with `--fresh`"};
  return take_json_file(file, kDamaged, value_of<T>);
}

}  // namespace ncmlab
