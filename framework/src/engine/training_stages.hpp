// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "engine/stage_kind.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

// Stages that build a model and train it: they leave its checkpoint and `training.json` (loss,
// accuracy and validation figures by epoch; which epoch's weights were kept). A training that was
// cut off goes on after its last finished epoch. Weights, dropout and order of batches depend on
// task, model, seed and the number of samples only, so that victims of different attacks are
// paired.

/// A model of the attacker's own, trained on the clean training set, with random streams of its
/// own.
extern const StageKind kSurrogateStage;
/// The victim, trained on the poisoned training set.
extern const StageKind kVictimStage;
/// A victim that is trained without what its defense flagged.
extern const StageKind kRetrainStage;

/// The model of a stage that trained one, or of a defense that repaired its copy.
CodeModel read_model(Workshop& workshop, const Made& made);

/// The subject's model before any training, built for the clean training split.
CodeModel fresh_model(Workshop& workshop, const Subject& subject,
                      const std::vector<Example>& clean);

}  // namespace ncmlab
