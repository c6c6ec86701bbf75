// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "engine/key.hpp"
#include "engine/run_folder.hpp"
#include "loader/catalogue.hpp"
#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/defense.hpp"
#include "ncmlab/plugin/model.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {

/// One piece of work whose result is stored; several cells may share it.
struct Stage {
  Key key;
  std::string hash;  ///< key.hash()
  std::string name;  ///< for people, unique within its stage: `toy, echo, badcode, seed 1`

  /// `victim: toy, echo, badcode, seed 1`
  std::string title() const { return key.stage() + ": " + name; }
};

/// (task, model, attack, defense, seed) as indices into the axes, and its stages as indices into
/// Plan::stages.
struct Cell {
  std::size_t task = 0, model = 0, attack = 0, defense = 0;
  std::int64_t seed = 0;
  std::optional<std::size_t> surrogate;  ///< where the attack needs one
  std::optional<std::size_t> poison;     ///< none where the attack leaves the training set as it is
  std::size_t victim = 0;
  std::size_t defend = 0;
  std::size_t retrain = 0;  ///< run only when the defense flags training samples
  std::size_t measure = 0;
  /// The defense cannot defend a model of this kind of task: nothing is run.
  bool supported = true;
};

/// An experiment as a graph of stages. Cells are in the order of tables: task, model, attack,
/// defense, seed. Stages come after those that they need.
struct Plan {
  Experiment experiment;
  at::Device device = at::Device(at::kCPU);  ///< that models work on
  /// That LibTorch computes with. How sums are shared out among threads decides how they round, so
  /// the number is part of the key of every stage that runs a network.
  int threads = 1;
  std::vector<std::shared_ptr<Task>> tasks;
  std::vector<std::shared_ptr<Model>> models;
  std::vector<std::shared_ptr<Attack>> attacks;
  /// [attack], null where it needs none; experiment.attacks[attack].surrogate is set likewise.
  std::vector<std::shared_ptr<Model>> surrogates;
  std::vector<std::shared_ptr<Defense>> defenses;
  std::vector<std::vector<std::vector<AttackGoal>>> goals;  ///< [task][attack], at least one
  std::vector<Stage> stages;
  std::vector<Cell> cells;
};

/// Creates the plugins, resolves the labels of the attacks and derives all keys, for the number of
/// threads that LibTorch is set to. Reads no data but what data_fingerprint() reads. Throws Error
/// `config.unknown-label`, `plugin.*`, `data.*`, `device.*`.
Plan make_plan(Experiment experiment, const Catalogue& catalogue);

/// What the run's folder is to say of the plan; `source` is the text of the experiment file.
RunIndex index_of(const Plan& plan, std::string source);

}  // namespace ncmlab
