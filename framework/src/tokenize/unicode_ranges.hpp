// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace ncmlab::bpe {

/// Code points [first, last].
struct CodePointRange {
  char32_t first;
  char32_t last;
};

/// The general categories L* and N* of Unicode 14.0, ascending. Hugging Face's tokenizers 0.20
/// split words by that version; a library's own tables would change ids with its version.
extern const std::array<CodePointRange, 648> kLetters;
extern const std::array<CodePointRange, 134> kNumbers;

}  // namespace ncmlab::bpe
