// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "report/table.hpp"

namespace ncmlab {

std::set<std::int64_t> seeds_of(const std::vector<const CellRecord*>& records);

/// How many seeds there are, and what is shown of them; not every row has them all unless
/// `in_every_row`.
std::string seeds_sentence(const std::vector<const CellRecord*>& records, bool in_every_row);
/// `Trial run: at most 50 samples of each split; not for reporting.`, empty for a whole run.
std::string trial_sentence(const std::vector<const CellRecord*>& records);
/// How many test samples are behind the rates.
std::string sizes_sentence(const std::vector<const CellRecord*>& records);

}  // namespace ncmlab
