// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report/summary.hpp"

namespace ncmlab {

/// How much each attack poisoned, of the victim class and of the whole training set; empty where no
/// record says it.
std::string poisoning_sentence(const std::vector<const CellRecord*>& records);

/// That defenses were given clean samples that were trained on, too; empty where they were not.
std::string clean_samples_sentence(const std::vector<const CellRecord*>& records);

/// What every defense might spend and assume; empty where the experiment has no budget. Experiments
/// with different budgets have a sentence each.
std::string budget_sentence(const std::vector<const CellRecord*>& records);

/// How a row's defense departs from the budget; empty where it does not.
std::string row_departures(const SeedRecords& row);

/// Why the figures of a row mean little or nothing, see doubts(), with the seeds when there are
/// several; empty: no doubt.
std::string row_doubts(const SeedRecords& row);

}  // namespace ncmlab
