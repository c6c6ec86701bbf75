// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/example.hpp"

#include "ncmlab/core/hash.hpp"

namespace ncmlab {

std::string fingerprint(const std::vector<Example>& examples) {
  Hasher hasher;
  for (const Example& example : examples) {
    // One field for both: no sample has more than one of them.
    hasher.field(example.id).field(example.code).field(example.other_code + example.query);
    hasher.field(std::to_string(example.label)).field(to_string(example.language));
  }
  return hasher.hex();
}

}  // namespace ncmlab
