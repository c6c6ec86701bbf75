// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

#include "engine/plan.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

class Workshop;

/// Judges a model on the clean validation split of the subject's task: `accuracy` and, of the
/// positive label, `f1`. Of a search model: `mrr`, with the code of the whole split as candidates,
/// and `accuracy`, the share of queries whose code comes first. Empty where the split is. Throws
/// Error `engine.no-metric` when the early stopping of `options` needs what will not be there.
std::function<std::map<std::string, double>(CodeModel&)> validation(Workshop& workshop,
                                                                    const Subject& subject,
                                                                    const TrainingOptions& options,
                                                                    const CodeModel& model,
                                                                    Progress& progress);

}  // namespace ncmlab
