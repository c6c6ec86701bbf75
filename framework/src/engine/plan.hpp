// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.hpp"
#include "engine/key.hpp"
#include "engine/run_folder.hpp"
#include "loader/catalogue.hpp"
#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/data/task_kind.hpp"
#include "ncmlab/plugin/attack.hpp"

namespace ncmlab {

/// Which model of a cell.
enum class MeasuredVictim {
  undefended,  ///< the victim as it was trained
  repaired,    ///< the defense's copy
  retrained,   ///< one trained without the samples that the defense flagged
  trained,     ///< one that the defense took part in training
};

constexpr auto enum_names(MeasuredVictim) {
  using enum MeasuredVictim;
  return std::to_array<EnumName<MeasuredVictim>>({{undefended, "undefended"},
                                                  {repaired, "repaired"},
                                                  {retrained, "retrained"},
                                                  {trained, "trained"}});
}

/// What of an experiment a stage is about, as indices into its axes. What the stage's kind does not
/// look at is as it is here.
struct Subject {
  std::size_t task = 0, model = 0, attack = 0, defense = 0;
  std::int64_t seed = 0;
  MeasuredVictim victim = MeasuredVictim::undefended;  ///< of a prediction
  /// Of a prediction: the attack that put its trigger into the test samples; none: the clean ones.
  std::optional<std::size_t> triggers_of = {};

  auto operator<=>(const Subject&) const = default;
};

/// An edge that is there only if the object of `stage` came out so, see StageKind::outcome.
struct When {
  std::size_t stage = 0;
  std::string outcome;
};

/// What a stage needs.
struct Edge {
  std::string role;       ///< what the stage calls it; of edges with one role at most one is there
  std::size_t stage = 0;  ///< index into Plan::stages, below that of the stage itself
  std::optional<When> when = {};
  /// What results are compared with: no part of the cell's costs and configuration.
  bool is_control = false;
};

/// One piece of work whose result is stored; several cells may share it.
struct Stage {
  Subject subject;
  Key key;
  std::string hash;  ///< key.hash()
  std::string name;  ///< for people, unique within its kind: `toy, echo, badcode, seed 1`
  std::vector<Edge> needs;

  /// The name of its StageKind.
  const std::string& kind() const { return key.stage(); }
  /// `victim: toy, echo, badcode, seed 1`
  std::string title() const { return kind() + ": " + name; }
};

/// (task, model, attack, defense, seed) and the stage that its record is read from.
struct Cell {
  Subject subject;
  TaskKind kind = TaskKind::classification;
  std::size_t measure = 0;
  std::string skipped;  ///< why nothing is run: the defense cannot defend such a victim
};

/// An experiment as a graph of stages. Plain data: it can be written down, read in another process
/// and run there. Cells are in the order of tables: task, model, attack, defense, seed. Stages come
/// after those that they need.
struct Plan {
  /// AttackChoice::surrogate is set where the attack asks for one, and nowhere else.
  Experiment experiment;
  std::string device;  ///< that models work on, `cpu` or `cuda:0`
  /// That LibTorch computes with. How sums are shared out among threads decides how they round, so
  /// the number is part of the key of every stage that runs a network.
  int threads = 1;
  std::vector<std::vector<std::vector<AttackGoal>>> goals;  ///< [task][attack], at least one
  std::vector<Stage> stages;
  std::vector<Cell> cells;
};

/// Resolves the labels of the attacks and derives all keys, for the number of threads that LibTorch
/// is set to. Reads no data but what data_fingerprint() reads. Throws Error `config.unknown-label`,
/// `plugin.*`, `data.*`, `device.*`.
Plan make_plan(Experiment experiment, const Catalogue& catalogue);

/// The stages that the cell's record may come from, the cell's own first; with those of controls
/// if `with_controls`. Each once.
std::vector<std::size_t> stages_of(const Plan& plan, const Cell& cell, bool with_controls = false);
/// The first of them that is of this kind.
std::optional<std::size_t> stage_of(const Plan& plan, const Cell& cell, std::string_view kind);

/// What the run's folder is to say of the plan; `source` is the text of the experiment file.
RunIndex index_of(const Plan& plan, std::string source);

}  // namespace ncmlab
