// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/executor.hpp"
#include "scratch_folder.hpp"
#include "toy_experiment.hpp"

namespace ncmlab {

/// The first cell with an attack; a cell without one if there is none.
inline Cell attacked(const Plan& plan) {
  for (const Cell& cell : plan.cells) {
    if (stage_of(plan, cell, "poison")) {
      return cell;
    }
  }
  return {};
}

/// Runs experiments with the plugins of toy_catalogue() in stores of the running test.
class ToyRuns : public testing::Test {
 protected:
  void SetUp() override { seen_by_spy().clear(); }

  RunResult run(const Experiment& experiment, RunProgress& progress,
                const std::string& store_name = "store") {
    Store store(scratch_.path() / store_name);
    store.sweep();
    return run_plan(make_plan(experiment, toy_catalogue()), toy_catalogue(), store,
                    folder(store_name), progress);
  }
  RunResult run(const Experiment& experiment, const std::string& store_name = "store") {
    RunProgress silent;
    return run(experiment, silent, store_name);
  }
  std::filesystem::path folder(const std::string& store_name) const {
    return scratch_.path() / store_name / "runs" / "toys";
  }
  /// What the store holds of the first stage of that kind of the plan's cell number `cell`.
  StoredObject object(const Experiment& experiment, std::string_view kind, std::size_t cell,
                      const std::string& store_name = "store") {
    const Plan plan = make_plan(experiment, toy_catalogue());
    Store store(scratch_.path() / store_name);
    const std::size_t stage = stage_of(plan, plan.cells[cell], kind).value();
    return store.open(plan.stages[stage].key, [](std::string_view) {}).value();
  }
  /// The toy experiment with a defense that repairs and one that flags beside none.
  static Experiment matrix() {
    Experiment experiment = toy_experiment();
    add_defense(experiment, "repair", "toy", {{"repair", true}});
    add_defense(experiment, "flag", "flagger", {{"count", std::int64_t{5}}});
    return experiment;
  }

  ScratchFolder scratch_;
};

}  // namespace ncmlab
