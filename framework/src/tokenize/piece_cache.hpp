// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ncmlab/core/hash.hpp"
#include "tokenize/bpe_model.hpp"

namespace ncmlab::bpe {

/// Ids of pieces met before. Of fixed size: each piece has two places, and the piece that came
/// first gives way. Not safe to share between threads.
class PieceCache {
 public:
  static constexpr std::size_t kMaxBytes = 30, kMaxIds = 8;

  struct alignas(64) Entry {
    std::uint8_t size = 0;  ///< 0: free
    std::uint8_t count = 0;
    std::array<char, kMaxBytes> piece;
    std::array<std::int32_t, kMaxIds> ids;
  };

  PieceCache() : entries_(kEntries) {}

  /// Null if the piece is not there.
  const Entry* find(std::string_view piece) const {
    if (piece.size() > kMaxBytes) {
      return nullptr;
    }
    const std::size_t at = place(piece);
    return holds(entries_[at], piece)       ? &entries_[at]
           : holds(entries_[at + 1], piece) ? &entries_[at + 1]
                                            : nullptr;
  }

  /// Keeps short pieces of few tokens; passes over the others.
  void insert(std::string_view piece, const std::vector<Symbol>& symbols) {
    if (piece.size() > kMaxBytes || symbols.size() > kMaxIds) {
      return;
    }
    const std::size_t at = place(piece);
    entries_[at + 1] = entries_[at];
    Entry& entry = entries_[at];
    entry.size = static_cast<std::uint8_t>(piece.size());
    entry.count = static_cast<std::uint8_t>(symbols.size());
    piece.copy(entry.piece.data(), piece.size());
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      entry.ids[i] = symbols[i].id;
    }
  }

 private:
  static constexpr std::size_t kEntries = std::size_t{1} << 15;

  static std::size_t place(std::string_view piece) { return hash64(piece) & (kEntries - 2); }
  static bool holds(const Entry& entry, std::string_view piece) {
    return std::string_view(entry.piece.data(), entry.size) == piece;
  }

  std::vector<Entry> entries_;
};

}  // namespace ncmlab::bpe
