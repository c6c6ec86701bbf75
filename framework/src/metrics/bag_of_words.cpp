// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/metrics/bag_of_words.hpp"

#include <cmath>
#include <set>

#include "ncmlab/core/ascii.hpp"

namespace ncmlab {
std::vector<std::string> folded_sub_words(std::string_view text) {
  std::vector<std::string> words;
  char before = ' ';
  for (const char c : text) {
    if (is_letter(c) || is_digit(c)) {
      const bool continues =
          is_digit(c) ? is_digit(before) : is_upper(before) || (is_lower(before) && !is_upper(c));
      if (!continues) {
        words.emplace_back();
      }
      words.back() += lower(c);
    }
    before = c;
  }
  return words;
}

BagOfWords::BagOfWords(const std::vector<std::string>& documents) : documents_(documents.size()) {
  std::vector<std::size_t> holders;
  for (const std::string& document : documents) {
    const std::vector<std::string> words = folded_sub_words(document);
    for (const std::string& word : std::set<std::string>(words.begin(), words.end())) {
      const auto [place, is_new] = numbers_.try_emplace(word, numbers_.size());
      holders.resize(numbers_.size());
      ++holders[place->second];
    }
  }
  for (const std::size_t count : holders) {
    rarity_.push_back(std::log(static_cast<double>(documents_) / static_cast<double>(count)) + 1);
  }
  holders_.resize(numbers_.size());
  for (std::size_t i = 0; i < documents.size(); ++i) {
    for (const auto& [word, weight] : weights_of(documents[i])) {
      holders_[word].emplace_back(i, weight);
    }
  }
}

std::map<std::size_t, double> BagOfWords::weights_of(std::string_view text) const {
  std::map<std::size_t, double> weights;
  for (const std::string& word : folded_sub_words(text)) {
    if (const auto known = numbers_.find(word); known != numbers_.end()) {
      weights[known->second] += 1;
    }
  }
  double squares = 0;
  for (auto& [word, weight] : weights) {
    weight = (1 + std::log(weight)) * rarity_[word];
    squares += weight * weight;
  }
  for (auto& [word, weight] : weights) {
    weight /= std::sqrt(squares);
  }
  return weights;
}

std::vector<float> BagOfWords::scores(std::string_view query) const {
  std::vector<double> sums(documents_, 0);
  for (const auto& [word, weight] : weights_of(query)) {
    for (const auto& [document, other] : holders_[word]) {
      sums[document] += weight * other;
    }
  }
  return {sums.begin(), sums.end()};
}

double random_mrr(std::int64_t pool) {
  double sum = 0;
  for (std::int64_t rank = 1; rank <= pool; ++rank) {
    sum += 1 / static_cast<double>(rank);
  }
  return pool == 0 ? 0 : sum / static_cast<double>(pool);
}

}  // namespace ncmlab
