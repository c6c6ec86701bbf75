// SPDX-License-Identifier: Apache-2.0
#include "engine/plan.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace ncmlab {
namespace {

void add_stages(const Plan& plan, std::size_t stage, bool with_controls, std::vector<bool>& known,
                std::vector<std::size_t>& stages) {
  if (known[stage]) {
    return;
  }
  known[stage] = true;
  stages.push_back(stage);
  for (const Edge& edge : plan.stages[stage].needs) {
    if (with_controls || !edge.is_control) {
      add_stages(plan, edge.stage, with_controls, known, stages);
    }
  }
}

}  // namespace

std::vector<std::size_t> stages_of(const Plan& plan, const Cell& cell, bool with_controls) {
  std::vector<bool> known(plan.stages.size(), false);
  std::vector<std::size_t> stages;
  add_stages(plan, cell.measure, with_controls, known, stages);
  return stages;
}

std::optional<std::size_t> stage_of(const Plan& plan, const Cell& cell, std::string_view kind) {
  for (const std::size_t stage : stages_of(plan, cell)) {
    if (plan.stages[stage].kind() == kind) {
      return stage;
    }
  }
  return std::nullopt;
}

RunIndex index_of(const Plan& plan, std::string source) {
  const Experiment& e = plan.experiment;
  RunIndex index{.name = e.name,
                 .description = e.description,
                 .file = e.file.string(),
                 .location = std::filesystem::weakly_canonical(e.file).string(),
                 .source = std::move(source),
                 .limit = e.limit};
  for (const Cell& cell : plan.cells) {
    index.cells.push_back({.key = plan.stages[cell.measure].hash,
                           .task = e.tasks[cell.subject.task].label,
                           .model = e.models[cell.subject.model].label,
                           .attack = e.attacks[cell.subject.attack].label,
                           .defense = e.defenses[cell.subject.defense].label,
                           .seed = cell.subject.seed});
  }
  return index;
}

}  // namespace ncmlab
