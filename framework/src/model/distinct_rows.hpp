// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

/// The parts of samples, each distinct one once: functions recur in many pairs.
struct DistinctRows {
  std::vector<TokenSample> rows;          ///< of one part each, in the order of first occurrence
  std::vector<std::int64_t> row_of_part;  ///< [samples * parts], adjacent parts of one sample
};

DistinctRows distinct_rows(const std::vector<TokenSample>& samples);

/// Turns steps of `rows` rows into steps of `samples` samples.
class SampleProgress final : public QuietProgress {
 public:
  SampleProgress(Progress& outer, std::size_t samples, std::size_t rows)
      : QuietProgress(outer), samples_(samples), rows_(rows) {}

  void advance(std::int64_t steps, std::string_view detail) override;

 private:
  std::size_t samples_, rows_;
  std::size_t done_ = 0, reported_ = 0;
};

}  // namespace ncmlab
