// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/record.hpp"

namespace ncmlab {

/// A measured cell of task `task`, model `tiny`; attack and defense `none` have neither attack
/// metrics nor costs of a defense.
inline CellRecord cell(const std::string& attack, const std::string& defense, std::int64_t seed,
                       double accuracy, double success_rate = 0) {
  CellRecord record;
  record.task = "task";
  record.model = "tiny";
  record.attack = attack;
  record.defense = defense;
  record.seed = seed;
  record.key = attack + "/" + defense + "/" + std::to_string(seed);
  record.clean = {.accuracy = accuracy, .precision = 0.5, .recall = 0.25, .f1 = 0.6, .count = 400};
  if (attack != "none") {
    record.attack_metrics = AttackMetrics{.attack_success_rate = success_rate,
                                          .natural_rate = 0.08,
                                          .flip_rate = 0.5,
                                          .count = 180,
                                          .flip_count = 170};
  }
  record.costs = {{"victim", 100, 5000, 5000}};
  if (defense != "none") {
    record.costs.push_back({"defend", 12.5, 123000, 10});
  }
  return record;
}

inline CellRecord failed_cell(const std::string& attack, const std::string& defense,
                              std::int64_t seed, const std::string& reason) {
  CellRecord record = cell(attack, defense, seed, 0);
  record.failure = reason;
  record.clean = {};
  record.attack_metrics.reset();
  record.costs.clear();
  return record;
}

inline constexpr const char* kAwkward = "a_b&c#d$e%f{g}h~i^j\\k<l>|[m]*`é\xE4\xB8\xAD\n\x1b";

/// A small report with names that need escaping, a failed cell, a verdict and a trigger.
inline std::vector<CellRecord> awkward_records() {
  std::vector<CellRecord> records = {cell("bad_code", "none", 1, 0.9, 0.99),
                                     cell("bad_code", "50%", 1, 0.88, 0.1),
                                     failed_cell("bad_code", "x|y", 1, "5% & \"more\", \x1b[2J")};
  records[1].backdoored = true;
  records[1].triggers = {{0, 1, kAwkward, {7}, 0.5, 0.9}};
  for (CellRecord& record : records) {
    record.task = "Devign #1";
    record.model = "code_bert[size=1]";
  }
  return records;
}

}  // namespace ncmlab
