// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/enum_names.hpp"

namespace ncmlab::bpe {

enum class NormalizerStep { lowercase, nfc, nfd, nfkc, nfkd };

/// The names are those of tokenizer.json.
constexpr auto enum_names(NormalizerStep) {
  using enum NormalizerStep;
  return std::to_array<EnumName<NormalizerStep>>(
      {{lowercase, "Lowercase"}, {nfc, "NFC"}, {nfd, "NFD"}, {nfkc, "NFKC"}, {nfkd, "NFKD"}});
}

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
