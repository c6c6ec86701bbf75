// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plan.hpp"
#include "engine/record.hpp"
#include "engine/store.hpp"
#include "ncmlab/core/progress.hpp"

namespace ncmlab {

class Planner;
class Workshop;

/// What a stage is before it has a place in the plan.
struct StageDraft {
  Key key;  ///< without what is upstream, which the planner adds
  std::string name;
  std::vector<Edge> needs;
};

/// A stage and what the store holds of it.
struct Made {
  const Stage& stage;
  StoredObject object;
};

/// The objects that a stage needs, by role.
using Needs = std::map<std::string, Made, std::less<>>;

/// A stage at work.
struct StageWork {
  const Stage& stage;
  const Needs& needs;
  std::filesystem::path folder;  ///< for its result
  /// Where it may keep what it goes on from after the process died; not made yet.
  std::filesystem::path state;
  Workshop& workshop;
  Progress& progress;
  /// What the stages took that its needs came from, controls apart; those of a kind together.
  std::function<std::vector<StageCost>()> costs;

  /// Null where there is none.
  const Made* find(std::string_view role) const {
    const auto found = needs.find(role);
    return found == needs.end() ? nullptr : &found->second;
  }
};

/// Everything that the engine knows of one kind of stage. A kind is a file of its own, which gives
/// functions that read its objects to the kinds that need them, and a row of stage_kinds().
struct StageKind {
  std::string_view name;
  /// What the stage needs and what goes into its key, for a subject of the experiment.
  StageDraft (*plan)(Planner&, const Subject&);
  /// Does the work. What it returns without seconds has them measured.
  WorkDone (*run)(const StageWork&);
  /// How an object came out, where edges depend on it; null: they do not.
  std::string (*outcome)(const std::filesystem::path& folder) = nullptr;
  /// Throws Error where an object is valid, but nothing can be measured with it; null: never so.
  void (*accept)(Workshop&, const Made&) = nullptr;
};

/// All kinds, in the order in which people are shown them.
const std::vector<StageKind>& stage_kinds();
/// Throws std::logic_error for a name that none has.
const StageKind& stage_kind(std::string_view name);

}  // namespace ncmlab
