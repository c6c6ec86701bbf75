// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "engine/failures.hpp"
#include "engine/plan.hpp"
#include "engine/poison_stage.hpp"
#include "engine/record.hpp"
#include "engine/run_progress.hpp"
#include "engine/store.hpp"

namespace ncmlab {

struct RunResult {
  std::vector<CellRecord> records;  ///< one per cell of the plan, in its order
  std::size_t failed = 0;
  std::vector<FailureCause> causes;  ///< of all that failed
};

/// Runs what the store does not hold, with plugins of `catalogue`, and writes the record of each
/// cell to `folder` as soon as it is measured. What a stage throws is recorded in the cells that
/// need it; failed stages are not stored, so that the next run tries them again. Throws Cancelled
/// once `progress` says so, with all finished stages stored. Records do not depend on what was
/// stored before, seconds apart. Precondition: the caller holds the store's lock.
RunResult run_plan(const Plan& plan, const Catalogue& catalogue, Store& store,
                   const std::filesystem::path& folder, RunProgress& progress);

/// What an attack makes of a task's corpus.
struct PoisonedCorpus {
  Corpus clean;
  Poisoning poisoning;
};

/// Runs the stages that the poisoned training set of `cell` needs, if the store does not hold it.
/// Throws the Error of the stage that failed, Cancelled. Preconditions: the cell's attack has a
/// trigger; the caller holds the store's lock.
PoisonedCorpus poison_corpus(const Plan& plan, const Catalogue& catalogue, const Cell& cell,
                             Store& store, RunProgress& progress);

/// Removes all results of the plan from the store.
void forget_plan(const Plan& plan, Store& store);

}  // namespace ncmlab
