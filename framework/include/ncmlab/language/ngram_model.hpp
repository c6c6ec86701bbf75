// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "ncmlab/core/progress.hpp"

namespace ncmlab {

/// An n-gram language model over token ids with interpolated modified Kneser-Ney smoothing (Chen &
/// Goodman 1998, section 3; as KenLM's `lmplz` estimates it without pruning: Heafield et al., ACL
/// 2013). Texts begin with a start symbol and end with an end symbol, which are no ids. Every id of
/// the vocabulary that the corpus lacks is one unknown word.
///
/// Probabilities are float64. Not changed after train(); safe to use from several threads.
class NgramModel {
 public:
  using Ids = std::span<const std::int64_t>;

  /// Counts n-grams of 1 to `order` ids, at least 1. Throws Error `language.corpus-too-small` where
  /// an order lacks n-grams that were seen once, twice or three times, from which its discounts are
  /// estimated.
  static NgramModel train(const std::vector<std::vector<std::int64_t>>& texts, std::int64_t order,
                          Progress& progress = silent_progress());

  std::int64_t order() const { return order_; }
  /// Different ids of the corpus.
  std::size_t vocabulary() const { return words_; }

  /// log10 P of the id at `place` of `text` after those before it; `place` text.size() is the end.
  double log10_probability(Ids text, std::size_t place) const;
  /// One for each id, then that of the end: text.size() + 1 of them.
  std::vector<double> log10_probabilities(Ids text) const;

 private:
  using Node = std::uint32_t;
  using Word = std::uint32_t;  ///< 0 unknown, 1 start, 2 end, then the ids as they came

  /// An n-gram: what follows it, and how likely its last word is after the others.
  struct Ngram {
    double probability = 0;
    double backoff = 0;  ///< weight of the shorter context where this one is the context
  };

  explicit NgramModel(std::int64_t order) : order_(order) {}

  Word word(std::int64_t id) const;
  const Node* child(Node node, Word word) const;
  /// P of the last of `words` after the others, of which there are at most order - 1.
  double probability(std::span<const Word> words) const;
  friend class NgramCounts;

  std::int64_t order_;
  std::size_t words_ = 0;
  std::unordered_map<std::int64_t, Word> vocabulary_;
  std::unordered_map<std::uint64_t, Node> children_;  ///< by node and word
  std::vector<Ngram> ngrams_;                         ///< by node; 0 is the empty one
  double uniform_ = 0;                                ///< P of each word where nothing is known
};

}  // namespace ncmlab
