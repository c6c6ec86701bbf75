// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/task.hpp"
#include "ncmlab/plugin/trigger_edit.hpp"
#include "ncmlab/train/trainer.hpp"

namespace ncmlab {

/// A trigger as it stands in code.
struct WrittenTrigger {
  std::string text;
  TriggerEdit edit;
  bool operator==(const WrittenTrigger&) const = default;
};

struct UnlearningOptions {
  double share = 0.2;           ///< of the examples with the victim label, rounded
  bool every_label = false;     ///< that share of the examples of each other label, too
  bool keep_originals = false;  ///< the triggered samples come on top instead of taking the place
};

/// The clean samples for unlearning, the trigger in some of them.
struct UnlearningSet {
  /// With their true labels, in the order of the examples; what comes on top stands at the end.
  std::vector<TokenSample> samples;
  std::vector<std::size_t> origins;  ///< the example that each was made from
  std::size_t triggered = 0;         ///< samples that carry a trigger
};

/// The texts of `triggers` (not empty) in a share of the examples that carry `victim_label` (or of
/// each label), drawn by `rng`; with several triggers they take turns. Each enters the
/// function's name or a variable drawn by `rng`, as its edit says (`any`: one or the other, by
/// chance), at all occurrences, and the code is tokenised again. An example without such an
/// identifier gets the trigger before its code.
UnlearningSet unlearning_set(const CodeModel& victim, const TaskView& task,
                             const std::vector<Example>& examples, std::int64_t victim_label,
                             const std::vector<WrittenTrigger>& triggers,
                             const UnlearningOptions& options, Rng rng, Progress& progress);

/// For TrainingHooks::losses, self-distillation: the divergence of what the model answers to a
/// sample from `answers` [samples, classes], log-probabilities, of the same sample. `head` is the
/// model's; it must outlive the function.
std::function<at::Tensor(const at::Tensor& logits, const at::Tensor& labels,
                         const BatchPlace& place)>
divergence_from(at::Tensor answers, const Head& head);

}  // namespace ncmlab
