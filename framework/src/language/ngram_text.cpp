// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/language/ngram_text.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace ncmlab {

NgramText::NgramText(const NgramModel& model, std::vector<std::int64_t> ids)
    : model_(model), ids_(std::move(ids)), logs_(model.log10_probabilities(ids_)) {
  total_ = sum(0, logs_.size());
}

double NgramText::sum(std::size_t begin, std::size_t end) const {
  return std::accumulate(logs_.begin() + static_cast<std::ptrdiff_t>(begin),
                         logs_.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
}

double NgramText::entropy() const {
  return ids_.empty() ? 0 : -total_ / static_cast<double>(ids_.size());
}

double NgramText::entropy_without(std::size_t begin, std::size_t end) const {
  const std::size_t left = ids_.size() - (end - begin);
  if (left == 0) {
    return 0;
  }
  const auto reach = static_cast<std::size_t>(model_.order()) - 1;
  const std::size_t before = std::min(begin, reach), after = std::min(ids_.size() - end, reach);
  std::vector<std::int64_t> window(ids_.begin() + static_cast<std::ptrdiff_t>(begin - before),
                                   ids_.begin() + static_cast<std::ptrdiff_t>(begin));
  window.insert(window.end(), ids_.begin() + static_cast<std::ptrdiff_t>(end),
                ids_.begin() + static_cast<std::ptrdiff_t>(end + after));
  // The end of the text is one more place that looks back.
  const std::size_t places = std::min(reach, ids_.size() - end + 1);
  double total = total_ - sum(begin, end + places);
  for (std::size_t place = 0; place < places; ++place) {
    total += model_.log10_probability(window, before + place);
  }
  return -total / static_cast<double>(left);
}

}  // namespace ncmlab
