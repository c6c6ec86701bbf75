// SPDX-License-Identifier: Apache-2.0
#include "engine/stage_kind.hpp"

#include <algorithm>
#include <stdexcept>

#include "engine/defend_stage.hpp"
#include "engine/defended_training_stage.hpp"
#include "engine/filter_stage.hpp"
#include "engine/measure_stage.hpp"
#include "engine/poison_stage.hpp"
#include "engine/predict_stage.hpp"
#include "engine/training_stages.hpp"

namespace ncmlab {

const std::vector<StageKind>& stage_kinds() {
  static const std::vector<StageKind> kinds = {
      kSurrogateStage,        kPoisonStage, kVictimStage,  kDefendStage,  kRetrainStage,
      kDefendedTrainingStage, kFilterStage, kPredictStage, kMeasureStage,
  };
  return kinds;
}

const StageKind& stage_kind(std::string_view name) {
  const auto found = std::ranges::find(stage_kinds(), name, &StageKind::name);
  if (found == stage_kinds().end()) {
    throw std::logic_error("there is no kind of stage `" + std::string(name) + "`");
  }
  return *found;
}

}  // namespace ncmlab
