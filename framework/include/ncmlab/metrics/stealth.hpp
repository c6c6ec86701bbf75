// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// How much an attack's edits stand out. Edits are counted once per function, however many pairs
/// the function stands in.
struct StealthMetrics {
  std::int64_t edits = 0;  ///< functions whose text the attack changed
  double parse_rate = 0;   ///< of those that parsed before, the share that still does
  double token_edits =
      0;  ///< mean lexemes that an edit removes or adds; a replaced one counts once
  /// Mean log-probability per character of the names that edits bring in, and of those that they
  /// take away, under a NameModel of the clean functions; none where no edit does.
  std::optional<double> new_names, old_names;
  bool operator==(const StealthMetrics&) const = default;
};

/// Compares the samples of `edited` with those at the same place in `clean`. The name model is
/// shown the identifiers of up to 2000 clean functions, evenly spaced. Deterministic.
/// Precondition: equal sizes.
StealthMetrics stealth_metrics(const std::vector<Example>& clean,
                               const std::vector<Example>& edited);

}  // namespace ncmlab
