// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/task.hpp"
#include "ncmlab/train/trainer.hpp"

namespace ncmlab {

/// How the trigger enters a sample's function name.
enum class NameEdit {
  replace,  ///< the trigger stands instead of the name
  extend,   ///< the trigger follows the name
};

constexpr auto enum_names(NameEdit) {
  return std::to_array<EnumName<NameEdit>>(
      {{NameEdit::replace, "replace"}, {NameEdit::extend, "extend"}});
}

struct UnlearningOptions {
  double share = 0.2;        ///< of the examples with the victim label, rounded
  bool every_label = false;  ///< that share of the examples of each other label, too
  NameEdit edit = NameEdit::replace;
  bool keep_originals = false;  ///< the triggered samples come on top instead of taking the place
};

/// The clean samples for unlearning, the trigger in some of them.
struct UnlearningSet {
  /// With their true labels, in the order of the examples; what comes on top stands at the end.
  std::vector<TokenSample> samples;
  std::vector<std::size_t> origins;  ///< the example that each was made from
  std::size_t triggered = 0;         ///< samples that carry a trigger
};

/// The ids of `triggers` (not empty) into a share of the examples that carry `victim_label` (or of
/// each label), drawn by `rng`; with several triggers they take turns. Every occurrence of the
/// function name that lies within the row is edited, on the level of tokens: tokenising the edited
/// text would give other ids than those that were inverted. An example without a function name gets
/// the trigger after <s>.
UnlearningSet unlearning_set(const CodeModel& victim, const TaskView& task,
                             const std::vector<Example>& examples, std::int64_t victim_label,
                             const std::vector<TriggerIds>& triggers,
                             const UnlearningOptions& options, Rng rng, Progress& progress);

/// For TrainingHooks::losses, self-distillation: the divergence of what the model answers to a
/// sample from `answers` [samples, classes], log-probabilities, of the same sample. `head` is the
/// model's; it must outlive the function.
std::function<at::Tensor(const at::Tensor& logits, const at::Tensor& labels,
                         const BatchPlace& place)>
divergence_from(at::Tensor answers, const Head& head);

}  // namespace ncmlab
