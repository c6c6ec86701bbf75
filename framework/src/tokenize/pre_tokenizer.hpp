// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace ncmlab::bpe {

/// The end of the piece that begins at byte `begin` when a text is split as GPT-2's expression
/// does: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// Bytes that are no UTF-8 count as neither space, letter nor number.
/// Precondition: begin < text.size().
std::size_t piece_end(std::string_view text, std::size_t begin);

}  // namespace ncmlab::bpe
