// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ncmlab {

/// The words of a text in lower case: runs of ASCII letters and of digits, names parted at `_` and
/// where an upper-case letter follows a lower-case one.
std::vector<std::string> folded_sub_words(std::string_view text);

/// Documents as bags of words, the baseline that a trained search model has to beat. Words are
/// weighted by 1 + ln(count) times ln(documents / documents with the word) + 1; a score is the
/// cosine of query and document.
class BagOfWords {
 public:
  explicit BagOfWords(const std::vector<std::string>& documents);
  /// One score per document. Words that no document holds do not count.
  std::vector<float> scores(std::string_view query) const;

 private:
  /// Weights of unit length, by word number.
  std::map<std::size_t, double> weights_of(std::string_view text) const;

  std::unordered_map<std::string, std::size_t> numbers_;
  std::vector<double> rarity_;  ///< by word number
  /// By word number: the documents that hold it, with its weight in them.
  std::vector<std::vector<std::pair<std::size_t, double>>> holders_;
  std::size_t documents_ = 0;
};

/// The mean reciprocal rank of a random order of `pool` candidates.
double random_mrr(std::int64_t pool);

}  // namespace ncmlab
