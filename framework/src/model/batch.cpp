// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <algorithm>
#include <numeric>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/networks/encoder.hpp"

namespace ncmlab {
namespace {

/// Padded tokens per row that a sample's parts ask for.
std::int64_t longest_part(const TokenSample& sample) {
  std::size_t longest = 0;
  for (const TokenRow& part : sample.parts) {
    longest = std::max(longest, part.ids.size());
  }
  return static_cast<std::int64_t>(longest);
}

}  // namespace

Batch make_batch(const std::vector<const std::vector<std::int64_t>*>& rows, std::int64_t pad_id) {
  const auto count = static_cast<std::int64_t>(rows.size());
  Batch batch;
  batch.lengths = at::empty({count}, at::kLong);
  auto* length = batch.lengths.data_ptr<std::int64_t>();
  std::int64_t longest = 0;
  for (const auto* row : rows) {
    *length++ = static_cast<std::int64_t>(row->size());
    longest = std::max(longest, static_cast<std::int64_t>(row->size()));
  }
  batch.ids = at::full({count, longest}, pad_id, at::kLong);
  auto* ids = batch.ids.data_ptr<std::int64_t>();
  for (const auto* row : rows) {
    std::copy(row->begin(), row->end(), ids);
    ids += longest;
  }
  return batch;
}

Batch make_batch(const std::vector<TokenSample>& samples, const std::vector<std::size_t>& chosen,
                 std::int64_t pad_id) {
  std::vector<const std::vector<std::int64_t>*> rows;
  for (const std::size_t index : chosen) {
    for (const TokenRow& part : samples[index].parts) {
      rows.push_back(&part.ids);
    }
  }
  return make_batch(rows, pad_id);
}

std::vector<std::vector<std::size_t>> batches_by_length(const std::vector<TokenSample>& samples,
                                                        std::int64_t max_batch_tokens,
                                                        std::int64_t max_samples) {
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {},
                           [&](std::size_t index) { return longest_part(samples[index]); });
  std::vector<std::vector<std::size_t>> batches;
  std::int64_t rows = 0;
  for (const std::size_t index : order) {
    const auto parts = static_cast<std::int64_t>(samples[index].parts.size());
    // In ascending order the newest sample is the longest, so it sets the padded length.
    const std::int64_t tokens = (rows + parts) * longest_part(samples[index]);
    if (batches.empty() || tokens > max_batch_tokens ||
        static_cast<std::int64_t>(batches.back().size()) >= max_samples) {
      batches.emplace_back();
      rows = 0;
    }
    batches.back().push_back(index);
    rows += parts;
  }
  return batches;
}

}  // namespace ncmlab
