// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/trigger_inversion_settings.hpp"
#include "ncmlab/plugin/trigger_search.hpp"

namespace ncmlab {

/// What is to be known of a method's searches before they run.
struct SearchShape {
  std::int64_t trigger_length = 5;  ///< tokens that a trigger has at most
  std::int64_t epochs = 0;          ///< of a search that is never given up
  /// Triggers whose loss is within this of the best's are worth unlearning, too.
  double margin = 0.15;
};

/// What the inversion of one hypothesis found: a trigger towards one target label that enters code
/// in one way.
struct Inversion {
  Rng rng;  ///< whose streams it draws from
  std::int64_t victim_label = 0;
  std::int64_t target_label = 0;
  TriggerEdit edit;
  FoundTriggers found;  ///< by the search, losses of ids on the inversion samples
  TriggerIds ids;       ///< of the best, purified
  double loss = 0;      ///< of its text on the inversion samples
  double hit_rate = 0;  ///< share of the inversion samples that its text turns into the target
  /// On the held-out samples, see JudgedSamples.
  double flip_rate = 0, certain_flip_rate = 0, transfer_rate = 0;
  /// Mean flip rate of the held-out samples while the trigger loses its tokens one after the other,
  /// each time less that of the reference, if there is one and if that is lower.
  /// A few tokens suffice for a backdoor; what merely pushes a clean model needs them all.
  double persistence = 0;
  std::map<std::string, double> figures;  ///< the method's own
  std::shared_ptr<TriggerLoss> loss_of;
  std::shared_ptr<JudgedSamples> samples;  ///< those of the inversion
  std::shared_ptr<Spelling> spelling;
  std::shared_ptr<SearchContext> context;
  std::shared_ptr<TriggerSearch> search;
};

/// A defense that inverts a trigger for every ordered pair of labels and every way in which it may
/// enter code, believes in one of them, and unlearns it (Sun et al., EliBadCode, FSE 2025): clean
/// samples with the found text in them keep their true labels. Methods differ in the search and in
/// the verdict alone; samples, positions, the race, judging, the choice of the pair and unlearning
/// are the same for all.
///
/// Of each label samples are drawn to invert on, at most half of them, and others to judge by; one
/// sample alone serves as both. The ways to enter code race in each pair: all are searched for a
/// part of the epochs, those in the better half by their loss for another, until one is left. What
/// each found until then is judged by the held-out samples, which decide between them. Steps of
/// unlearning keep to the context's budget, shared out over the rounds.
///
/// With `contrast` a reference is trained on the clean samples, from the context's untrained model.
///
/// defend() throws Error `defense.no-clean-samples` when there are none,
/// `defense.NAME.no-unknown-token` when the tokenizer has no <unk>, and what prepare() throws.
class TriggerInversion : public ModelDefense {
 public:
  ~TriggerInversion() override;

  DefenseNeeds needs() const final {
    return {.clean_samples = true, .untrained_model = settings_.contrast != Contrast::none};
  }
  DefenseOutcome defend(DefenseContext& context) const final;

 protected:
  /// `name` is the plugin's, for errors.
  TriggerInversion(std::string_view name, const TriggerInversionSettings& settings,
                   const SearchShape& shape);

 private:
  /// Called once before anything is inverted.
  virtual std::unique_ptr<SearchMethod> prepare(const DefenseContext& context) const = 0;
  /// Whether a hypothesis, judged, speaks for a backdoor.
  virtual bool is_backdoor(const Inversion& found) const = 0;

  /// What the searches of one defense share.
  struct Means {
    std::unique_ptr<SearchMethod> method;
    std::shared_ptr<CodeModel> reference;  ///< null without `contrast`
  };
  /// Trained on the clean samples.
  std::shared_ptr<CodeModel> reference(DefenseContext& context, DefenseOutcome& outcome) const;
  /// The ways in which a trigger may enter code, each once.
  std::vector<TriggerEdit> edits() const;
  /// A hypothesis whose search on `examples` has not run yet.
  Inversion begin(DefenseContext& context, const Means& means, const std::vector<Example>& examples,
                  std::int64_t victim_label, std::int64_t target_label, const TriggerEdit& edit,
                  const Rng& rng) const;
  /// Purifies and judges what the search of `each` found.
  void judge(DefenseContext& context, const Means& means, const std::vector<Example>& held_out,
             Inversion& each) const;
  /// All edits of one ordered pair of labels.
  std::vector<Inversion> invert(DefenseContext& context, const Means& means,
                                std::int64_t victim_label, std::int64_t target_label,
                                const Rng& rng) const;
  /// All pairs that have clean samples, with all edits, best first. Adds what they cost to the
  /// figures of `outcome`.
  std::vector<Inversion> invert_all(DefenseContext& context, const Means& means, const Rng& rng,
                                    DefenseOutcome& outcome) const;
  /// The trigger of `found` and as many others, purified, as there are to unlearn, drawn from those
  /// that its search came by.
  std::vector<WrittenTrigger> trigger_pool(DefenseContext& context, const Inversion& found) const;
  /// The pools of the best hypothesis and of all others that speak for a backdoor, too; where only
  /// samples of the victim label get triggers, of those with the best one's.
  std::vector<WrittenTrigger> triggers_to_unlearn(DefenseContext& context,
                                                  const std::vector<Inversion>& found) const;
  /// `answers`: of the victim before any repair to the clean samples, log-probabilities [samples,
  /// classes]; undefined where labels are learned.
  void unlearn(DefenseContext& context, std::int64_t victim_label,
               const std::vector<WrittenTrigger>& triggers, const at::Tensor& answers,
               const Rng& rng, DefenseOutcome& outcome) const;
  /// Unlearns, and again what a new inversion of all pairs finds, for `rounds` or until that is no
  /// backdoor.
  void unlearn_in_rounds(DefenseContext& context, const Means& means,
                         const std::vector<Inversion>& first, DefenseOutcome& outcome) const;

  std::string name_;
  TriggerInversionSettings settings_;
  SearchShape shape_;
};

}  // namespace ncmlab
