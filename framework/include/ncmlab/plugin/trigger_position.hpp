// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {

struct PositionOptions {
  bool function_name = true;  ///< the function's own name may carry the trigger, too
  /// Only an identifier that stands once may carry it, where the example has one: extending one of
  /// several occurrences makes two names out of one and so changes what the program does.
  bool consistent = false;
  std::int64_t trigger_length = 5;  ///< room that the row must have behind the position
};

/// A position for the trigger in each example's first part (Sun et al., EliBadCode, section 4.3):
/// every identifier that the function declares is masked with <unk> at all its occurrences; the one
/// whose masking leaves the lowest probability of `target_label` is extended, right after the last
/// token of its first occurrence. Of equal ones the first in the code. An example without such an
/// identifier gets the position after <s>. One forward row per identifier. Precondition: the
/// tokenizer has <unk>.
std::vector<InversionSample> place_triggers(CodeModel& victim, const TaskView& task,
                                            const std::vector<Example>& examples,
                                            std::int64_t target_label,
                                            const PositionOptions& options, Progress& progress);

}  // namespace ncmlab
