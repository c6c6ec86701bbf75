// SPDX-License-Identifier: Apache-2.0
#include "engine/early_checks.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "engine/defend_stage.hpp"
#include "engine/training_stages.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

bool is_about_language(const Diagnostic& diagnostic) {
  return diagnostic.code.starts_with("language.");
}

void check(Workshop& workshop, const Subject& subject, const DefenseNeeds& needs,
           Progress& progress) {
  const CodeModel model =
      fresh_model(workshop, subject, workshop.materials().corpus(subject).train);
  if (needs.masked_model) {
    workshop.language_models().masked(model);
  }
  if (needs.ngram_model) {
    QuietProgress quiet(progress);
    workshop.language_models().ngram(model, known_samples(workshop, subject), quiet);
  }
}

}  // namespace

void check_language_models(Workshop& workshop, const std::vector<Cell>& cells, Progress& progress) {
  std::set<std::tuple<std::size_t, std::size_t, DefenseStage, bool, bool>> seen;
  for (const Cell& cell : cells) {
    if (!cell.skipped.empty()) {
      continue;
    }
    const Defense& defense = workshop.plugins().defense(cell.subject.defense);
    const DefenseNeeds needs = defense.needs();
    if ((!needs.masked_model && !needs.ngram_model) ||
        !seen.emplace(cell.subject.task, cell.subject.model, defense.stage(), needs.ngram_model,
                      needs.masked_model)
             .second) {
      continue;
    }
    try {
      check(workshop, cell.subject, needs, progress);
    } catch (const Error& error) {
      if (std::ranges::any_of(error.diagnostics(), is_about_language)) {
        throw;
      }
    }
  }
}

}  // namespace ncmlab
