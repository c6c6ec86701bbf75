// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab::bpe {

enum class NormalizerStep { lowercase, nfc, nfd, nfkc, nfkd };

/// The names that tokenizer.json gives the steps: `Lowercase`, `NFC`, `NFD`, `NFKC`, `NFKD`.
std::string_view to_string(NormalizerStep step);
std::optional<NormalizerStep> normalizer_step_from_string(std::string_view name);

/// A text and, for each of its bytes, the bytes of the original that it came from.
struct NormalizedText {
  std::string text;
  std::vector<ByteRange> sources;  ///< one per byte of `text`, or empty when nobody asked
};

/// Applies the steps in order. Bytes that are no UTF-8 pass through unchanged. Normal forms are
/// those of Unicode 12.0, whatever utf8proc was built with.
NormalizedText normalize(std::string_view text, const std::vector<NormalizerStep>& steps,
                         bool with_sources);

}  // namespace ncmlab::bpe
