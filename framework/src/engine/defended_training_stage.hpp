// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "engine/stage_kind.hpp"

namespace ncmlab {

/// A victim in whose training a defense takes part, on the same data and from the same weights as
/// the undefended one, of which it needs nothing. Leaves its checkpoint and `training.json`. What
/// was cut off goes on after the last finished epoch of its phase.
extern const StageKind kDefendedTrainingStage;

/// What the defense said of the training.
std::map<std::string, double> read_training_figures(const Made& made);

}  // namespace ncmlab
