// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ncmlab/language/ngram_model.hpp"

namespace ncmlab {

/// A text under a language model, and what it would be without a part of it: only the ids of which
/// the part is context are looked at again. The model must outlive it.
class NgramText {
 public:
  NgramText(const NgramModel& model, std::vector<std::int64_t> ids);

  std::size_t size() const { return ids_.size(); }
  /// -log10 P of the text with its end, per id; 0 for an empty text.
  double entropy() const;
  /// The same without the ids [begin, end).
  double entropy_without(std::size_t begin, std::size_t end) const;

 private:
  double sum(std::size_t begin, std::size_t end) const;

  const NgramModel& model_;
  std::vector<std::int64_t> ids_;
  std::vector<double> logs_;  ///< of each id and of the end
  double total_ = 0;
};

}  // namespace ncmlab
