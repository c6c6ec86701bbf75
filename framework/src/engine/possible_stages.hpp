// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/plan.hpp"
#include "engine/survey.hpp"

namespace ncmlab {

/// The stages of a run that depend on what others will come to, until that is known.
class PossibleStages {
 public:
  PossibleStages(const Plan& plan, const std::vector<StageSurvey>& surveys);

  /// `stage` came out as `outcome`: the possible stages that nothing will need now, each once.
  std::vector<std::size_t> rule_out(std::size_t stage, const std::string& outcome);

 private:
  /// A stage that needs another, and by which of its edges.
  using Use = std::pair<std::size_t, std::size_t>;

  void drop_if_unused(std::size_t stage, std::vector<std::size_t>& dropped);
  void end(const Use& use, std::vector<std::size_t>& dropped);

  const Plan& plan_;
  std::vector<bool> is_possible_;
  std::vector<std::set<Use>> uses_;         ///< of each stage, by stages that will or may be run
  std::vector<std::set<Use>> conditional_;  ///< edges that depend on each stage
};

}  // namespace ncmlab
