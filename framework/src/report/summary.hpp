// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "report/table.hpp"

namespace ncmlab {

/// The records of one row: the same cell under several seeds.
struct SeedRecords {
  std::vector<const CellRecord*> measured, failed, skipped;
  std::size_t seeds = 0;  ///< of the whole table; fewer values than that are marked with their n
  std::size_t size() const { return measured.size() + failed.size() + skipped.size(); }
};

/// Mean over the seeds, with the deviation from three seeds on. Blank when no seed has a value,
/// kFailedText when all seeds failed and `expected` says that a measured cell would have one.
TableCell metric_cell(const Metric& metric, const SeedRecords& row, bool expected);

/// Mean of the differences to the record of `base` with the same seed.
TableCell difference_cell(const Metric& metric, const SeedRecords& row, const SeedRecords& base);

/// `clean`, `backdoored`, or with several seeds `backdoored 2/3`.
TableCell verdict_cell(const SeedRecords& row);

/// The inverted trigger that works best under the first seed that has one, and how many further
/// texts there are.
TableCell trigger_cell(const SeedRecords& row);

/// Marks the best cells of each column that has a direction, compared as they are shown; none when
/// all are equal. A mean over fewer seeds than another in its column does not compete.
void mark_best(Group& group, const std::vector<Column>& columns);

}  // namespace ncmlab
