// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/record.hpp"
#include "ncmlab/plugin/defense.hpp"
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

/// Who gains when a number is high: an attack wants to stay unseen, so accuracy is good for both.
enum class Good { neither, both, attacker, defender };

/// Cells that have a number whenever they are measured: where it is missing, the cell failed.
enum class Always { nowhere, classifiers, attacked_classifiers, searches, attacked_searches };

/// The column of the differences to defense `none` with the same seed.
struct DifferenceColumn {
  std::string title;  ///< empty: there is none
  int rank = 0;
  std::string meaning = {};
};

/// A number that a measured cell may have, and all that reports know of it. What is undefined (a
/// share of no samples) or does not apply has no value; it is never 0.
struct Metric {
  std::string id;
  std::string title;
  Unit unit = Unit::percent;
  bool proportion = false;  ///< successes out of n independent samples
  Good good = Good::neither;
  std::optional<Measured> (*measure)(const CellRecord&) = nullptr;
  int rank = 0;              ///< see Column::rank
  std::string meaning = {};  ///< the sentence of the caption that defines it; may be empty
  Always always = Always::nowhere;
  DifferenceColumn difference = {};
  bool of_pairs_only = false;  ///< in tables: what papers report of pairs; the CSV has it of all
  bool on_request = false;     ///< in tables: for those who look at the attack, not its defenses
  std::optional<DefenseStage> stage = {};  ///< of the defenses that it is about; absent: of all
};

/// All metrics, in the order of the columns.
const std::vector<Metric>& metrics();
/// Precondition: `id` is one of metrics().
const Metric& metric(const std::string& id);

/// Where the better values of the metric are for one side.
Direction direction(const Metric& metric, Perspective perspective);

}  // namespace ncmlab
