// SPDX-License-Identifier: Apache-2.0
#include "engine/possible_stages.hpp"

namespace ncmlab {

PossibleStages::PossibleStages(const Plan& plan, const std::vector<StageSurvey>& surveys)
    : plan_(plan),
      is_possible_(plan.stages.size()),
      uses_(plan.stages.size()),
      conditional_(plan.stages.size()) {
  for (std::size_t i = 0; i < plan.stages.size(); ++i) {
    is_possible_[i] = surveys[i].state == StageState::possible;
    if (!is_possible_[i] && surveys[i].state != StageState::pending) {
      continue;
    }
    const std::vector<Edge>& needs = plan.stages[i].needs;
    for (std::size_t edge = 0; edge < needs.size(); ++edge) {
      uses_[needs[edge].stage].emplace(i, edge);
      if (needs[edge].when) {
        conditional_[needs[edge].when->stage].emplace(i, edge);
      }
    }
  }
}

std::vector<std::size_t> PossibleStages::rule_out(std::size_t stage, const std::string& outcome) {
  std::vector<std::size_t> dropped;
  for (const Use& use : conditional_[stage]) {
    if (plan_.stages[use.first].needs[use.second].when->outcome != outcome) {
      end(use, dropped);
    }
  }
  conditional_[stage].clear();
  return dropped;
}

void PossibleStages::end(const Use& use, std::vector<std::size_t>& dropped) {
  const std::size_t needed = plan_.stages[use.first].needs[use.second].stage;
  uses_[needed].erase(use);
  drop_if_unused(needed, dropped);
}

void PossibleStages::drop_if_unused(std::size_t stage, std::vector<std::size_t>& dropped) {
  if (!is_possible_[stage] || !uses_[stage].empty()) {
    return;
  }
  is_possible_[stage] = false;
  dropped.push_back(stage);
  for (std::size_t edge = 0; edge < plan_.stages[stage].needs.size(); ++edge) {
    end({stage, edge}, dropped);
  }
}

}  // namespace ncmlab
