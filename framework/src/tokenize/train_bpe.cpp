// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <queue>
#include <unordered_map>

#include "ncmlab/core/diagnostic.hpp"
#include "tokenize/byte_alphabet.hpp"
#include "tokenize/engine.hpp"
#include "tokenize/pre_tokenizer.hpp"

namespace ncmlab::bpe {
namespace {

constexpr std::int64_t kSpecialTokens = 5, kBytes = 256;

/// A distinct piece of the texts.
struct Word {
  std::vector<std::int32_t> symbols;
  std::int64_t count = 0;
};

using Pair = std::uint64_t;
Pair make_pair_of(std::int32_t left, std::int32_t right) {
  return static_cast<Pair>(left) << 32 | static_cast<std::uint32_t>(right);
}
std::int32_t left_of(Pair pair) { return static_cast<std::int32_t>(pair >> 32); }
std::int32_t right_of(Pair pair) { return static_cast<std::int32_t>(pair & 0xFFFFFFFF); }

class Trainer {
 public:
  explicit Trainer(const BpeTrainingOptions& options) : options_(options) {
    for (const std::string& name : {names_.bos, names_.pad, names_.eos, names_.unk}) {
      add_special(name);
    }
    for (const std::string& name : options_.special_tokens) {
      add_special(name);
    }
    std::map<std::string, unsigned char> alphabet;
    for (int byte = 0; byte < kBytes; ++byte) {
      alphabet[printable(static_cast<unsigned char>(byte))] = static_cast<unsigned char>(byte);
    }
    for (const auto& [spelled, byte] : alphabet) {
      byte_ids_[byte] = add_token(spelled, std::string(1, static_cast<char>(byte)));
    }
  }

  TokenizerSpec train(const std::vector<std::string_view>& texts) {
    count_words(texts);
    count_pairs();
    while (vocabulary_.size() + 1 < options_.vocab_size) {
      const std::optional<Pair> pair = best_pair();
      if (!pair) {
        break;
      }
      merge(*pair);
    }
    add_special(names_.mask);
    added_.back().lstrip = true;
    TokenizerSpec spec;
    spec.vocabulary = std::move(vocabulary_);
    spec.merges = std::move(merges_);
    spec.add_prefix_space = options_.add_prefix_space;
    spec.added_tokens = std::move(added_);
    return spec;
  }

 private:
  struct Candidate {
    std::int64_t count;
    Pair pair;
  };

  std::int32_t add_token(const std::string& spelled, std::string bytes) {
    const std::int64_t id = vocabulary_.id_limit();
    vocabulary_.add(spelled, id);
    bytes_.push_back(std::move(bytes));
    return static_cast<std::int32_t>(id);
  }

  void add_special(const std::string& name) {
    AddedToken token;
    token.content = name;
    token.special = true;
    token.id = add_token(name, name);
    added_.push_back(std::move(token));
  }

  void count_words(const std::vector<std::string_view>& texts) {
    std::unordered_map<std::string, std::int64_t> counts;
    std::string prefixed;
    for (std::string_view text : texts) {
      if (options_.add_prefix_space && !text.empty() && text.front() != ' ') {
        prefixed = " " + std::string(text);
        text = prefixed;
      }
      for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = piece_end(text, begin);
        ++counts[std::string(text.substr(begin, end - begin))];
        begin = end;
      }
    }
    for (const auto& [piece, count] : counts) {
      Word word;
      word.count = count;
      for (const char byte : piece) {
        word.symbols.push_back(byte_ids_[static_cast<unsigned char>(byte)]);
      }
      words_.push_back(std::move(word));
    }
  }

  void add_pairs_of(std::size_t index, std::int64_t sign,
                    std::unordered_map<Pair, std::int64_t>& changes) {
    const Word& word = words_[index];
    for (std::size_t i = 0; i + 1 < word.symbols.size(); ++i) {
      const Pair pair = make_pair_of(word.symbols[i], word.symbols[i + 1]);
      changes[pair] += sign * word.count;
      if (sign > 0) {
        std::vector<std::uint32_t>& places = places_[pair];
        if (places.empty() || places.back() != index) {
          places.push_back(static_cast<std::uint32_t>(index));
        }
      }
    }
  }

  void apply(const std::unordered_map<Pair, std::int64_t>& changes) {
    for (const auto& [pair, change] : changes) {
      counts_[pair] += change;
      if (change > 0) {
        queue_.push({counts_[pair], pair});
      }
    }
  }

  void count_pairs() {
    std::unordered_map<Pair, std::int64_t> changes;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      add_pairs_of(i, 1, changes);
    }
    apply(changes);
  }

  std::string joined_bytes(Pair pair) const {
    return bytes_[left_of(pair)] + bytes_[right_of(pair)];
  }

  bool spells_special(Pair pair) const {
    const std::string bytes = joined_bytes(pair);
    return bytes == names_.mask ||
           std::any_of(added_.begin(), added_.end(),
                       [&](const auto& token) { return token.content == bytes; });
  }

  std::optional<Pair> best_pair() {
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      const std::int64_t count = counts_[best.pair];
      if (count < best.count) {
        if (count > 0) {
          queue_.push({count, best.pair});
        }
        continue;
      }
      if (count < options_.min_frequency) {
        return std::nullopt;
      }
      // The text of a special token never comes out of merges, so it is never mistaken for one.
      if (count == best.count && !spells_special(best.pair)) {
        return best.pair;
      }
    }
    return std::nullopt;
  }

  void merge(Pair pair) {
    const std::string bytes = joined_bytes(pair);
    const std::string spelled = to_printable(bytes);
    const auto known = vocabulary_.find(spelled);
    const std::int32_t joined =
        known ? static_cast<std::int32_t>(*known) : add_token(spelled, bytes);
    merges_.push_back({left_of(pair), right_of(pair), joined});
    std::vector<std::uint32_t> places = std::move(places_[pair]);
    places_.erase(pair);
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    std::unordered_map<Pair, std::int64_t> changes;
    for (const std::uint32_t index : places) {
      add_pairs_of(index, -1, changes);
      join_in(words_[index], pair, joined);
      add_pairs_of(index, 1, changes);
    }
    apply(changes);
  }

  static void join_in(Word& word, Pair pair, std::int32_t joined) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < word.symbols.size(); ++i) {
      const bool match = i + 1 < word.symbols.size() && word.symbols[i] == left_of(pair) &&
                         word.symbols[i + 1] == right_of(pair);
      word.symbols[kept++] = match ? joined : word.symbols[i];
      i += match ? 1 : 0;
    }
    word.symbols.resize(kept);
  }

  /// Whether `a` is merged after `b`: less frequent, or later in byte order.
  struct Later {
    const std::vector<std::string>* bytes;
    bool operator()(const Candidate& a, const Candidate& b) const {
      if (a.count != b.count) {
        return a.count < b.count;
      }
      const int left = (*bytes)[left_of(a.pair)].compare((*bytes)[left_of(b.pair)]);
      return left != 0 ? left > 0 : (*bytes)[right_of(a.pair)] > (*bytes)[right_of(b.pair)];
    }
  };

  const BpeTrainingOptions options_;
  const SpecialNames names_;
  Vocabulary vocabulary_;
  std::vector<std::string> bytes_;  ///< by id: what the token spells
  std::array<std::int32_t, kBytes> byte_ids_;
  std::vector<Merge> merges_;
  std::vector<AddedToken> added_;
  std::vector<Word> words_;
  std::unordered_map<Pair, std::int64_t> counts_;
  std::unordered_map<Pair, std::vector<std::uint32_t>> places_;  ///< words that may hold the pair
  std::priority_queue<Candidate, std::vector<Candidate>, Later> queue_{Later{&bytes_}};
};

}  // namespace

TokenizerSpec train_bpe(const std::vector<std::string_view>& texts,
                        const BpeTrainingOptions& options) {
  const std::int64_t fewest = kSpecialTokens + kBytes + std::ssize(options.special_tokens);
  if (options.vocab_size < fewest) {
    throw Error("tokenizer.bad-option",
                "a byte-level vocabulary has at least " + std::to_string(fewest) +
                    " tokens, asked for " + std::to_string(options.vocab_size),
                {"set `vocab_size` to " + std::to_string(fewest) + " or more"});
  }
  if (options.min_frequency < 1) {
    throw Error("tokenizer.bad-option", "`min_frequency` should be at least 1, found " +
                                            std::to_string(options.min_frequency));
  }
  return Trainer(options).train(texts);
}

}  // namespace ncmlab::bpe
