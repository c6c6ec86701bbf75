// SPDX-License-Identifier: Apache-2.0
#include "tokenize/bpe_model.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <limits>
#include <queue>

#include "ncmlab/core/diagnostic.hpp"
#include "tokenize/byte_alphabet.hpp"

namespace ncmlab::bpe {
namespace {

constexpr unsigned kFirst = 1, kLast = 2;
constexpr std::uint32_t kNoRank = std::numeric_limits<std::uint32_t>::max();
/// Up to so many bytes a scan for the best pair beats a heap.
constexpr std::size_t kShort = 64;

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

std::uint64_t spread(std::uint64_t key) { return key * 0x9E3779B97F4A7C15; }

}  // namespace

void Vocabulary::add(std::string token, std::int64_t id) {
  const auto [entry, added] = ids_.emplace(std::move(token), id);
  if (id >= id_limit()) {
    tokens_.resize(id + 1, nullptr);
  }
  tokens_[id] = &entry->first;
}

std::optional<std::int64_t> Vocabulary::find(std::string_view token) const {
  const auto entry = ids_.find(token);
  return entry == ids_.end() ? std::nullopt : std::optional(entry->second);
}

BpeModel::BpeModel(Vocabulary vocabulary, std::vector<Merge> merges, BpeOptions options)
    : vocabulary_(std::move(vocabulary)), options_(std::move(options)), merges_(std::move(merges)) {
  bool byte_missing = false;
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (unsigned place = 0; place < byte_ids_.size(); ++place) {
      const auto id = vocabulary_.find(spell(static_cast<unsigned char>(byte), place));
      byte_ids_[place][byte] = static_cast<std::int32_t>(id.value_or(-1));
      byte_missing = byte_missing || !id;
    }
    char name[8];
    std::snprintf(name, sizeof(name), "<0x%02X>", byte);
    fallback_ids_[byte] = static_cast<std::int32_t>(vocabulary_.find(name).value_or(-1));
  }
  if (options_.unk_token) {
    unk_id_ = static_cast<std::int32_t>(vocabulary_.find(*options_.unk_token).value_or(-1));
    if (unk_id_ < 0 && byte_missing) {
      throw Error("tokenizer.missing-token",
                  "the vocabulary lacks the unknown token `" + *options_.unk_token +
                      "` and tokens for single bytes",
                  {"add the token to the vocabulary or set `unk_token` to null"});
    }
  }
  index_merges();
}

void BpeModel::index_merges() {
  const std::size_t slots = std::bit_ceil(std::max<std::size_t>(16, 2 * merges_.size()));
  slots_.assign(slots, Slot{});
  slot_shift_ = 64 - std::countr_zero(slots);
  for (std::size_t rank = 0; rank < merges_.size(); ++rank) {
    const std::uint64_t key = pair_key(static_cast<std::int32_t>(merges_[rank].left),
                                       static_cast<std::int32_t>(merges_[rank].right));
    std::size_t at = spread(key) >> slot_shift_;
    while (slots_[at].pair != kNoPair && slots_[at].pair != key) {
      at = (at + 1) & (slots - 1);
    }
    slots_[at] = {key, static_cast<std::uint32_t>(rank),
                  static_cast<std::int32_t>(merges_[rank].joined)};
  }
}

const BpeModel::Slot* BpeModel::find_merge(std::int32_t left, std::int32_t right) const {
  const std::uint64_t key = pair_key(left, right);
  std::size_t at = spread(key) >> slot_shift_;
  while (slots_[at].pair != key) {
    if (slots_[at].pair == kNoPair) {
      return nullptr;
    }
    at = (at + 1) & (slots_.size() - 1);
  }
  return &slots_[at];
}

std::string BpeModel::spell(unsigned char byte, unsigned place) const {
  std::string spelled = place & kFirst ? "" : options_.continuing_subword_prefix;
  spelled += printable(byte);
  if (place & kLast) {
    spelled += options_.end_of_word_suffix;
  }
  return spelled;
}

bool BpeModel::append_fallback(std::string_view spelled, std::uint32_t at,
                               std::vector<Symbol>& symbols) const {
  const auto id_of = [&](char byte) { return fallback_ids_[static_cast<unsigned char>(byte)]; };
  if (!options_.byte_fallback ||
      std::any_of(spelled.begin(), spelled.end(), [&](char byte) { return id_of(byte) < 0; })) {
    return false;
  }
  for (const char byte : spelled) {
    symbols.push_back({id_of(byte), at, at + 1});
  }
  return true;
}

void BpeModel::split_into_bytes(std::string_view piece, std::vector<Symbol>& symbols) const {
  // An unknown token waits for the next known one, so that byte tokens in between come before it:
  // Hugging Face's order, which ids must keep.
  std::optional<Symbol> unknown;
  const auto flush = [&] {
    if (unknown) {
      symbols.push_back(*unknown);
      unknown.reset();
    }
  };
  const auto size = static_cast<std::uint32_t>(piece.size());
  for (std::uint32_t at = 0; at < size; ++at) {
    const unsigned place = (at == 0 ? kFirst : 0) | (at + 1 == size ? kLast : 0);
    const auto byte = static_cast<unsigned char>(piece[at]);
    if (const std::int32_t id = byte_ids_[place][byte]; id >= 0) {
      flush();
      symbols.push_back({id, at, at + 1});
    } else if (append_fallback(spell(byte, place), at, symbols)) {
      continue;
    } else if (unk_id_ >= 0) {
      if (unknown && options_.fuse_unk) {
        unknown->end = at + 1;
        continue;
      }
      flush();
      unknown = Symbol{unk_id_, at, at + 1};
    }
  }
  flush();
}

void BpeModel::merge_short(std::vector<Symbol>& symbols) const {
  std::array<std::uint32_t, kShort> ranks;
  std::array<std::int32_t, kShort> joined;
  std::size_t count = symbols.size();
  const auto look_up = [&](std::size_t at) {
    const Slot* slot = at + 1 < count ? find_merge(symbols[at].id, symbols[at + 1].id) : nullptr;
    ranks[at] = slot == nullptr ? kNoRank : slot->rank;
    joined[at] = slot == nullptr ? 0 : slot->joined;
  };
  for (std::size_t at = 0; at < count; ++at) {
    look_up(at);
  }
  while (count > 1) {
    const auto best = std::min_element(ranks.begin(), ranks.begin() + count - 1);
    if (*best == kNoRank) {
      break;
    }
    const std::size_t at = best - ranks.begin();
    symbols[at].id = joined[at];
    symbols[at].begin = std::min(symbols[at].begin, symbols[at + 1].begin);
    symbols[at].end = std::max(symbols[at].end, symbols[at + 1].end);
    std::copy(symbols.begin() + at + 2, symbols.begin() + count, symbols.begin() + at + 1);
    std::copy(ranks.begin() + at + 2, ranks.begin() + count, ranks.begin() + at + 1);
    std::copy(joined.begin() + at + 2, joined.begin() + count, joined.begin() + at + 1);
    --count;
    look_up(at);
    if (at > 0) {
      look_up(at - 1);
    }
  }
  symbols.resize(count);
}

void BpeModel::merge_long(std::vector<Symbol>& symbols) const {
  struct Candidate {
    std::uint32_t rank;
    std::uint32_t at;
    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };
  const auto count = static_cast<std::uint32_t>(symbols.size());
  std::vector<std::uint32_t> next(count), previous(count);
  std::vector<bool> gone(count, false);
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto merge_at = [&](std::uint32_t at) {
    return next[at] < count ? find_merge(symbols[at].id, symbols[next[at]].id) : nullptr;
  };
  const auto enqueue = [&](std::uint32_t at) {
    if (const Slot* slot = merge_at(at); slot != nullptr) {
      queue.push({slot->rank, at});
    }
  };
  for (std::uint32_t at = 0; at < count; ++at) {
    next[at] = at + 1;
    previous[at] = at == 0 ? count : at - 1;
  }
  for (std::uint32_t at = 0; at < count; ++at) {
    enqueue(at);
  }
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    const Slot* slot = gone[best.at] ? nullptr : merge_at(best.at);
    if (slot == nullptr || slot->rank != best.rank) {
      continue;
    }
    const std::uint32_t absorbed = next[best.at];
    symbols[best.at].id = slot->joined;
    symbols[best.at].begin = std::min(symbols[best.at].begin, symbols[absorbed].begin);
    symbols[best.at].end = std::max(symbols[best.at].end, symbols[absorbed].end);
    gone[absorbed] = true;
    next[best.at] = next[absorbed];
    if (next[absorbed] < count) {
      previous[next[absorbed]] = best.at;
    }
    enqueue(best.at);
    if (previous[best.at] < count) {
      enqueue(previous[best.at]);
    }
  }
  std::size_t kept = 0;
  for (std::uint32_t at = 0; at < count; ++at) {
    if (!gone[at]) {
      symbols[kept++] = symbols[at];
    }
  }
  symbols.resize(kept);
}

void BpeModel::encode(std::string_view piece, std::vector<Symbol>& symbols) const {
  symbols.clear();
  if (options_.ignore_merges) {
    if (const auto id = vocabulary_.find(to_printable(piece))) {
      symbols.push_back(
          {static_cast<std::int32_t>(*id), 0, static_cast<std::uint32_t>(piece.size())});
      return;
    }
  }
  split_into_bytes(piece, symbols);
  if (symbols.size() <= kShort) {
    merge_short(symbols);
  } else {
    merge_long(symbols);
  }
}

}  // namespace ncmlab::bpe
