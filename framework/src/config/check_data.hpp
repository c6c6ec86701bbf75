// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "loader/catalogue.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

/// What was seen of one task's data.
struct DataSummary {
  std::string task;  ///< its label
  /// By split: `train 1000 (not defective 512, defective 488)`; empty where nothing is read.
  std::vector<std::string> splits;
};

/// What check_data() found that does not stop a run.
struct DataCheck {
  std::vector<DataSummary> tasks;
  std::vector<Diagnostic> warnings;
};

/// Enough to find what is wrong with a file as a whole, and read within a moment.
inline constexpr std::int64_t kCheckedRecords = 1000;

/// Reads the first `records` records of every split (see Task::peek) and lets every model look at
/// its files for every task, surrogates too. Throws one Error with all `data.*`, `checkpoint.*` and
/// `tokenizer.*` problems: those with no place of their own at the line of the experiment that
/// names the file, each once.
DataCheck check_data(const Experiment& experiment, const Catalogue& catalogue,
                     std::int64_t records = kCheckedRecords);

}  // namespace ncmlab
