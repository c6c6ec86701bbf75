// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/chosen_plugins.hpp"
#include "engine/plan.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

/// Test samples with the trigger: those of an attack's victim class, in retrieval every function
/// that can carry it.
struct TriggeredSet {
  std::vector<std::size_t> test_index;  ///< place of each in the test split
  std::vector<std::size_t> goal;        ///< which of the attack's goals its trigger serves
  std::vector<Example> examples;
  std::size_t unedited = 0;  ///< samples meant for a trigger that cannot carry it
};

/// What cells of one (task, seed) share in memory: the corpus, the clean samples of the defenses,
/// and each split as tokens, once per tokenizer. Asking for another
/// (task, seed) drops the one before. Everything is the same whatever was asked for before.
/// The training split of the corpus is what attacks poison and models are trained on: without the
/// clean samples where they are held out.
class Materials {
 public:
  /// What a task's reader warns about is logged to `progress`, and what is odd about the corpus.
  Materials(const Experiment& experiment, ChosenPlugins& plugins, Progress& progress)
      : experiment_(experiment), plugins_(plugins), progress_(progress) {}

  const Corpus& corpus(const Subject& subject);
  /// What defenses know to be clean, see split_off_clean(), without the tuning samples.
  const std::vector<Example>& clean_samples(const Subject& subject);
  /// The clean samples that a defense with a budget chooses its learning rate by; without a budget
  /// none.
  const std::vector<Example>& tuning_samples(const Subject& subject);
  /// The halves of the clean samples: what an input filter is fitted to, and what its threshold is
  /// set on, which it has not seen.
  const std::vector<Example>& fitting_samples(const Subject& subject);
  const std::vector<Example>& threshold_samples(const Subject& subject);
  /// Which samples of the training split an attack may poison; empty: all of them.
  const std::vector<bool>& poisonable(const Subject& subject);

  /// `train` as `model` reads it. Samples that equal those of the clean training split at the
  /// same place are tokenised once for all training sets.
  std::vector<TokenSample> train_tokens(const Subject& subject, const CodeModel& model,
                                        const std::vector<Example>& train, Progress& progress);
  const std::vector<TokenSample>& valid_tokens(const Subject& subject, const CodeModel& model,
                                               Progress& progress);
  const std::vector<TokenSample>& test_tokens(const Subject& subject, const CodeModel& model,
                                              Progress& progress);
  /// `examples` must be those of the attack number `attack`.
  const std::vector<TokenSample>& triggered_tokens(const Subject& subject, std::size_t attack,
                                                   const CodeModel& model,
                                                   const std::vector<Example>& examples,
                                                   Progress& progress);

 private:
  using Tokens = std::vector<TokenSample>;

  void focus(const Subject& subject);
  /// `examples` tokenised, kept under `name` and the model's tokenizer.
  const Tokens& tokens(const std::string& name, const Subject& subject, const CodeModel& model,
                       const std::vector<Example>& examples, Progress& progress);

  const Experiment& experiment_;
  ChosenPlugins& plugins_;
  Progress& progress_;
  std::optional<std::pair<std::size_t, std::int64_t>> focus_;
  std::optional<Corpus> corpus_;
  std::vector<Example> clean_samples_, tuning_samples_, fitting_samples_, threshold_samples_;
  std::vector<bool> poisonable_;
  std::map<std::string, Tokens> tokens_;
};

}  // namespace ncmlab
