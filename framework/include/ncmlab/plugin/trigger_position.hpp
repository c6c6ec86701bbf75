// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/task.hpp"
#include "ncmlab/plugin/trigger_edit.hpp"

namespace ncmlab {

/// Which identifier of a sample the trigger enters, of those whose masking was tried.
enum class PositionRule {
  /// The one whose masking changes the loss for the sample's own label least (Sun et al.,
  /// EliBadCode, section 4.3).
  true_label,
  /// The one whose masking leaves the highest probability of label 1, as in their code.
  code,
  /// The one whose masking leaves the lowest probability of the target label.
  target,
};

constexpr auto enum_names(PositionRule) {
  using enum PositionRule;
  return std::to_array<EnumName<PositionRule>>(
      {{true_label, "true_label"}, {code, "code"}, {target, "target"}});
}

struct PositionOptions {
  TriggerEdit edit;
  PositionRule rule = PositionRule::true_label;
  std::int64_t trigger_length = 5;  ///< room that the row must have behind the first place
};

/// An example and where a trigger goes in.
struct PlacedExample {
  Example example;
  std::optional<Identifier> name;  ///< that the trigger enters; nothing: it stands before the code
  /// The same for ids. Where they replace a name they stand behind a blank, which is part of the
  /// first one.
  InversionSample tokens;
};

/// A place for the trigger in the code of each example: every identifier that the edit may enter
/// and that the row has room for is replaced by <unk> at all its occurrences, and the rule says
/// which one is taken; of equal ones the first in the code. An example without such an identifier
/// gets the trigger before its code. One forward row per identifier, and with rule `true_label` one
/// per example; none where no example has a choice. Precondition: the tokenizer has <unk>.
std::vector<PlacedExample> place_triggers(CodeModel& victim, const TaskView& task,
                                          const std::vector<Example>& examples,
                                          std::int64_t target_label, const PositionOptions& options,
                                          Progress& progress);

}  // namespace ncmlab
