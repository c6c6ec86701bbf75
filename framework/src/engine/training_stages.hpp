// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/stage_kind.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/train/trainer.hpp"

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

/// What the engine trains besides: a victim on the samples of the stage's training set at the
/// places `kept`, from the weights and random numbers of the stage's own victim.
CodeModel train_victim(const StageWork& work, const std::vector<std::size_t>& kept);

/// How a stage of defended training lets a defense train: options and random numbers are those of
/// the victim without it, but for early stopping.
struct VictimRecipe {
  TrainingOptions options;
  Rng rng;  ///< that train() is given
  CodeModel model;
  std::vector<TokenSample> samples;  ///< the training set as the model reads it
};
VictimRecipe victim_recipe(const StageWork& work);

/// `epoch 2/5: loss 0.5123, accuracy 0.7312; validation: accuracy 0.6900, f1 0.6612`
std::string epoch_line(const EpochRecord& epoch, std::size_t index, std::int64_t epochs);

/// The model of a stage that trained one, or of a defense that repaired its copy.
CodeModel read_model(Workshop& workshop, const Made& made);

/// The subject's model before any training, built for the clean training split.
CodeModel fresh_model(Workshop& workshop, const Subject& subject,
                      const std::vector<Example>& clean);
/// The same from random weights of another draw, but for what a checkpoint gives.
CodeModel untrained_model(Workshop& workshop, const Subject& subject);

}  // namespace ncmlab
