// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "ncmlab/model/code_model.hpp"
#include "ncmlab/train/trainer.hpp"
#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {

/// Everything that the epochs to come depend on. Batches and dropout are drawn from streams named
/// after the epoch, so no state of a generator belongs to it.
struct TrainingState {
  std::vector<EpochRecord> epochs;  ///< the finished ones
  std::int64_t steps = 0;           ///< of the optimiser
  WorkCounter work;                 ///< of this training alone
  double seconds = 0;               ///< that the finished epochs took
  StateDict parameters;
  StateDict optimizer;                    ///< Optimizer::state()
  std::optional<std::size_t> best_epoch;  ///< of early stopping
  StateDict best_parameters;              ///< empty where the best epoch is the last
};

/// Replaces the state in `folder` (made if missing). A process that dies on the way leaves the
/// old state or the new one. Throws Error `io.write`.
void save_training_state(const std::filesystem::path& folder, const TrainingState& state);

/// The state in `folder`, nothing where there is none. Throws Error `checkpoint.training-state`
/// when a file is not what was written.
std::optional<TrainingState> load_training_state(const std::filesystem::path& folder);

/// How many finished epochs the state in `folder` holds, tensors unread; 0 where there is none.
std::size_t saved_epochs(const std::filesystem::path& folder);

}  // namespace ncmlab
