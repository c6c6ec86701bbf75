// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "engine/materials.hpp"
#include "engine/predict_stage.hpp"
#include "engine/record.hpp"
#include "engine/stage_kind.hpp"

namespace ncmlab {

/// What comes of a cell's predictions, its defense's outcome and the ground truth; runs no network.
extern const StageKind kMeasureStage;

/// The record without labels and the cost of measuring.
CellRecord read_record(const std::filesystem::path& folder);

/// What measuring a cell starts from.
struct Measurement {
  Workshop& workshop;
  const Subject& subject;
  const Corpus& corpus;
  const TriggeredSet& triggered_set;            ///< empty without an attack
  const Predictions& clean;                     ///< on the clean test set
  const std::optional<Predictions>& triggered;  ///< on the triggered set, for attacks
  /// Of the undefended victim on the clean test set; null where that is `clean`, or no attack.
  const Predictions* undefended = nullptr;
  /// Of a victim that was never poisoned, where the experiment has one: on the triggered set, and
  /// for retrieval on the clean one.
  const Predictions* control_triggered = nullptr;
  const Predictions* control_clean = nullptr;
};

/// Fills in what is measured of a retrieval task: ranks of the clean test set and, for attacks,
/// of the candidates with the trigger.
void measure_retrieval(const Measurement& measurement, CellRecord& record);

}  // namespace ncmlab
