// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "engine/plan.hpp"
#include "engine/run_progress.hpp"
#include "engine/store.hpp"
#include "ncmlab/core/enum_names.hpp"

namespace ncmlab {

enum class StageState {
  cached,    ///< the store holds it
  pending,   ///< will be run
  possible,  ///< depends on what another stage will come to
  unneeded,  ///< not in the store, but what follows from it is
};

constexpr auto enum_names(StageState) {
  using enum StageState;
  return std::to_array<EnumName<StageState>>(
      {{cached, "cached"}, {pending, "pending"}, {possible, "possible"}, {unneeded, "unneeded"}});
}

struct StageSurvey {
  StageState state = StageState::unneeded;
  /// Of a pending stage: why it is not in the store, one reason per text.
  std::vector<std::string> reasons;
  std::size_t cells = 0;  ///< that need it
  double seconds = 0;     ///< of a cached stage: what it took
};

/// What a run would find in the store; one element per Plan::stages. Changes nothing.
std::vector<StageSurvey> survey(const Plan& plan, const Store& store);

RunSize size_of(const Plan& plan, const std::vector<StageSurvey>& surveys);

}  // namespace ncmlab
