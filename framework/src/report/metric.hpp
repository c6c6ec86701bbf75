// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/record.hpp"
#include "report/report.hpp"

namespace ncmlab {

enum class Unit {
  percent,  ///< stored in [0, 1], shown times 100
  points,   ///< a difference of percentages, shown with its sign
  seconds,
  count,
  number,  ///< any real number
};

enum class Direction { none, up, down };

struct Measured {
  double value = 0;
  std::optional<std::int64_t> n;  ///< samples behind the value
};

/// A number that a measured cell may have. What is undefined (a share of no samples) or does not
/// apply has no value; it is never 0.
struct Metric {
  std::string id;
  std::string title;
  Unit unit = Unit::percent;
  bool proportion = false;  ///< successes out of n independent samples
  std::optional<Measured> (*measure)(const CellRecord&) = nullptr;
};

/// All metrics, in the order of the columns.
const std::vector<Metric>& metrics();
/// Precondition: `id` is one of metrics().
const Metric& metric(const std::string& id);

/// What is good: accuracy for both sides (an attack wants to stay unseen), the attack's success
/// for the attacker only. The natural rate and the costs have no direction.
Direction direction(const Metric& metric, Perspective perspective);

}  // namespace ncmlab
