// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/language/ngram_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

constexpr std::uint32_t kUnknown = 0, kStart = 1, kEnd = 2, kFirstWord = 3;

constexpr std::uint64_t edge(std::uint32_t node, std::uint32_t word) {
  return (std::uint64_t{node} << 32U) | word;
}

/// What is taken off counts of 1, of 2, and of 3 and more.
using Discounts = std::array<double, 3>;

std::size_t discount_of(std::uint64_t count) { return std::min<std::uint64_t>(count, 3) - 1; }

/// Chen & Goodman 1998, equation 26.
Discounts discounts_from(const std::array<std::uint64_t, 4>& seen, std::int64_t order) {
  const auto t = [&](std::size_t count) { return static_cast<double>(seen[count - 1]); };
  Discounts discounts;
  const double y = t(1) / (t(1) + 2 * t(2));
  for (std::size_t i = 1; i <= 3; ++i) {
    discounts[i - 1] = static_cast<double>(i) - static_cast<double>(i + 1) * y * t(i + 1) / t(i);
    if (seen[i - 1] == 0 || discounts[i - 1] < 0 || discounts[i - 1] > static_cast<double>(i)) {
      throw Error("language.corpus-too-small",
                  "the corpus is too small for n-grams of " + std::to_string(order) +
                      ": of those that count once, twice, three and four times there are " +
                      std::to_string(seen[0]) + ", " + std::to_string(seen[1]) + ", " +
                      std::to_string(seen[2]) + " and " + std::to_string(seen[3]) +
                      ", from which no discounts can be estimated",
                  {"give a larger corpus, or a lower order"});
    }
  }
  return discounts;
}

}  // namespace

/// A trie of all n-grams with their adjusted counts: of the longest and of those that begin a text
/// how often they stand, of the others how many different words stand before them.
class NgramCounts {
 public:
  using Word = NgramModel::Word;
  using Node = NgramModel::Node;

  NgramCounts(NgramModel& model, Progress& progress) : model_(model), progress_(progress) {
    add_node(0, 0, 0);
  }

  void add(const std::vector<std::int64_t>& text) {
    std::vector<Word> words = {kStart};
    for (const std::int64_t id : text) {
      const auto next = static_cast<Word>(kFirstWord + model_.vocabulary_.size());
      words.push_back(model_.vocabulary_.try_emplace(id, next).first->second);
    }
    words.push_back(kEnd);
    for (std::size_t first = 0; first < words.size(); ++first) {
      Node node = 0;
      for (std::size_t length = 1;
           length <= static_cast<std::size_t>(model_.order_) && first + length <= words.size();
           ++length) {
        node = child(node, words[first + length - 1], length);
        const bool is_longest = length == static_cast<std::size_t>(model_.order_);
        if (is_longest || first == 0) {
          ++counts_[node];
        }
      }
    }
  }

  void estimate() {
    count_continuations();
    std::vector<Discounts> discounts;
    for (std::int64_t length = 1; length <= model_.order_; ++length) {
      discounts.push_back(discounts_from(seen(length), length));
    }
    model_.words_ = model_.vocabulary_.size();
    set_backoffs(discounts);
    set_probabilities(discounts);
  }

 private:
  Node add_node(Node parent, Word word, std::size_t length) {
    const auto node = static_cast<Node>(model_.ngrams_.size());
    model_.ngrams_.emplace_back();
    counts_.push_back(0);
    parents_.push_back(parent);
    words_.push_back(word);
    lengths_.push_back(static_cast<std::uint8_t>(length));
    return node;
  }

  Node child(Node node, Word word, std::size_t length) {
    const auto [entry, is_new] = model_.children_.try_emplace(edge(node, word));
    if (is_new) {
      entry->second = add_node(node, word, length);
    }
    return entry->second;
  }

  std::vector<Word> words_of(Node node) const {
    std::vector<Word> words(lengths_[node]);
    for (std::size_t i = words.size(); i > 0; --i) {
      words[i - 1] = words_[node];
      node = parents_[node];
    }
    return words;
  }

  Node find(std::span<const Word> words) const {
    Node node = 0;
    for (const Word word : words) {
      node = model_.children_.at(edge(node, word));
    }
    return node;
  }

  /// Every n-gram of two words or more is a different word before the rest of it.
  void count_continuations() {
    for (Node node = 1; node < counts_.size(); ++node) {
      if (lengths_[node] >= 2) {
        const std::vector<Word> words = words_of(node);
        ++counts_[find(std::span(words).subspan(1))];
      }
    }
    // The start is given, never predicted.
    if (const auto start = model_.children_.find(edge(0, kStart));
        start != model_.children_.end()) {
      counts_[start->second] = 0;
    }
  }

  std::array<std::uint64_t, 4> seen(std::int64_t length) const {
    std::array<std::uint64_t, 4> numbers{};
    for (Node node = 1; node < counts_.size(); ++node) {
      if (lengths_[node] == length && counts_[node] >= 1 && counts_[node] <= 4) {
        ++numbers[counts_[node] - 1];
      }
    }
    return numbers;
  }

  /// The share of a context's mass that its discounts free for the shorter context.
  void set_backoffs(const std::vector<Discounts>& discounts) {
    totals_.assign(counts_.size(), 0);
    for (Node node = 1; node < counts_.size(); ++node) {
      if (counts_[node] == 0) {
        continue;
      }
      const Node context = parents_[node];
      totals_[context] += static_cast<double>(counts_[node]);
      model_.ngrams_[context].backoff += discounts[lengths_[node] - 1][discount_of(counts_[node])];
    }
    for (Node node = 0; node < counts_.size(); ++node) {
      model_.ngrams_[node].backoff =
          totals_[node] > 0 ? model_.ngrams_[node].backoff / totals_[node] : 1;
    }
  }

  /// Shorter n-grams come before longer ones only along a branch, so they are gone through by
  /// length.
  void set_probabilities(const std::vector<Discounts>& discounts) {
    // The known words, the unknown one and the end.
    model_.uniform_ = 1.0 / static_cast<double>(model_.words_ + 2);
    for (std::int64_t length = 1; length <= model_.order_; ++length) {
      for (Node node = 1; node < counts_.size(); ++node) {
        if (lengths_[node] != length || counts_[node] == 0) {
          continue;
        }
        progress_.check();
        const std::vector<Word> words = words_of(node);
        const double shorter =
            length == 1 ? model_.uniform_ : model_.probability(std::span(words).subspan(1));
        const double count = static_cast<double>(counts_[node]);
        const Node context = parents_[node];
        model_.ngrams_[node].probability =
            (count - discounts[static_cast<std::size_t>(length) - 1][discount_of(counts_[node])]) /
                totals_[context] +
            model_.ngrams_[context].backoff * shorter;
      }
    }
  }

  NgramModel& model_;
  Progress& progress_;
  std::vector<std::uint64_t> counts_;  ///< by node
  std::vector<Node> parents_;
  std::vector<Word> words_;  ///< the last of each n-gram
  std::vector<std::uint8_t> lengths_;
  std::vector<double> totals_;  ///< sum of the counts of what follows
};

NgramModel NgramModel::train(const std::vector<std::vector<std::int64_t>>& texts,
                             std::int64_t order, Progress& progress) {
  NgramModel model(order);
  NgramCounts counts(model, progress);
  progress.begin("counting n-grams", static_cast<std::int64_t>(texts.size()));
  for (const auto& text : texts) {
    progress.check();
    counts.add(text);
    progress.advance();
  }
  counts.estimate();
  return model;
}

NgramModel::Word NgramModel::word(std::int64_t id) const {
  const auto found = vocabulary_.find(id);
  return found == vocabulary_.end() ? kUnknown : found->second;
}

const NgramModel::Node* NgramModel::child(Node node, Word word) const {
  const auto found = children_.find(edge(node, word));
  return found == children_.end() ? nullptr : &found->second;
}

double NgramModel::probability(std::span<const Word> words) const {
  double weight = 1;
  for (std::size_t first = 0; first < words.size(); ++first) {
    Node context = 0;
    const Node* node = &context;
    for (std::size_t i = first; i + 1 < words.size() && node != nullptr; ++i) {
      node = child(*node, words[i]);
    }
    if (node == nullptr) {
      continue;  // a context that was never seen leaves all to the shorter one
    }
    const Node* whole = child(*node, words.back());
    if (whole != nullptr && ngrams_[*whole].probability > 0) {
      return weight * ngrams_[*whole].probability;
    }
    weight *= ngrams_[*node].backoff;
  }
  return weight * uniform_;
}

double NgramModel::log10_probability(Ids text, std::size_t place) const {
  const auto most = static_cast<std::size_t>(order_) - 1;
  std::vector<Word> words;
  if (place < most) {
    words.push_back(kStart);
  }
  for (std::size_t i = place - std::min(place, most); i < place; ++i) {
    words.push_back(word(text[i]));
  }
  words.push_back(place == text.size() ? kEnd : word(text[place]));
  return std::log10(probability(words));
}

std::vector<double> NgramModel::log10_probabilities(Ids text) const {
  std::vector<double> result;
  result.reserve(text.size() + 1);
  for (std::size_t place = 0; place <= text.size(); ++place) {
    result.push_back(log10_probability(text, place));
  }
  return result;
}

}  // namespace ncmlab
