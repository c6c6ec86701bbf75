// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ncmlab::bpe {

/// Tokens by id and ids by token. Ids may have holes.
class Vocabulary {
 public:
  Vocabulary() = default;
  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;

  /// Preconditions: neither the token nor the id is there yet; id >= 0.
  void add(std::string token, std::int64_t id);
  std::optional<std::int64_t> find(std::string_view token) const;
  /// Null for a hole. Precondition: 0 <= id < id_limit().
  const std::string* token(std::int64_t id) const { return tokens_[id]; }
  /// One more than the largest id.
  std::int64_t id_limit() const { return static_cast<std::int64_t>(tokens_.size()); }
  /// The number of tokens.
  std::int64_t size() const { return static_cast<std::int64_t>(ids_.size()); }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> ids_;
  std::vector<const std::string*> tokens_;  ///< the keys of ids_
};

/// The settings that tokenizer.json calls the model's.
struct BpeOptions {
  std::optional<std::string> unk_token;
  std::string continuing_subword_prefix;
  std::string end_of_word_suffix;
  bool fuse_unk = false;
  bool byte_fallback = false;
  bool ignore_merges = false;
};

/// Two tokens that become one; the earlier in the list, the sooner.
struct Merge {
  std::int64_t left;
  std::int64_t right;
  std::int64_t joined;
};

/// A token and the bytes [begin, end) of the piece that it stands for.
struct Symbol {
  std::int32_t id;
  std::uint32_t begin;
  std::uint32_t end;
};

/// Byte-pair encoding of one piece of text. Immutable.
class BpeModel {
 public:
  /// Of equal pairs the last merge counts. Throws Error `tokenizer.missing-token` when a byte has
  /// no token and the unknown token that `options` names is missing too.
  BpeModel(Vocabulary vocabulary, std::vector<Merge> merges, BpeOptions options);

  const Vocabulary& vocabulary() const { return vocabulary_; }
  const BpeOptions& options() const { return options_; }
  const std::vector<Merge>& merges() const { return merges_; }

  /// Replaces `symbols` by the piece's tokens. A byte that has no token becomes the unknown
  /// token, or nothing where there is none.
  void encode(std::string_view piece, std::vector<Symbol>& symbols) const;

 private:
  struct Slot {
    std::uint64_t pair = kNoPair;
    std::uint32_t rank = 0;
    std::int32_t joined = 0;
  };
  static constexpr std::uint64_t kNoPair = ~std::uint64_t{0};

  const Slot* find_merge(std::int32_t left, std::int32_t right) const;
  void split_into_bytes(std::string_view piece, std::vector<Symbol>& symbols) const;
  std::string spell(unsigned char byte, unsigned place) const;
  bool append_fallback(std::string_view spelled, std::uint32_t at,
                       std::vector<Symbol>& symbols) const;
  void index_merges();
  void merge_short(std::vector<Symbol>& symbols) const;
  void merge_long(std::vector<Symbol>& symbols) const;

  Vocabulary vocabulary_;
  BpeOptions options_;
  std::vector<Merge> merges_;
  std::vector<Slot> slots_;  ///< open addressing, a power of two
  int slot_shift_ = 0;
  /// The id of each byte, -1 for none, by its place in the piece (kFirst, kLast).
  std::array<std::array<std::int32_t, 256>, 4> byte_ids_;
  std::array<std::int32_t, 256> fallback_ids_;  ///< of `<0x00>` to `<0xFF>`, -1 for none
  std::int32_t unk_id_ = -1;
};

}  // namespace ncmlab::bpe
