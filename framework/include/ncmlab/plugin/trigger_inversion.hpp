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
  std::int64_t epochs = 0;          ///< that a search reports to its progress
  /// Triggers whose loss is within this of the best's are worth unlearning, too.
  double margin = 0.15;
};

/// What the inversion towards one target label found.
struct Inversion {
  Rng rng;  ///< whose streams it draws from
  std::int64_t victim_label = 0;
  std::int64_t target_label = 0;
  TriggerIds raw_ids;    ///< as the search returned it
  TriggerIds ids;        ///< purified
  double raw_loss = 0;   ///< mean on the inversion samples
  double loss = 0;       ///< likewise, of `ids`
  double hit_rate = 0;   ///< share of the inversion samples that `ids` turns into the target
  double flip_rate = 0;  ///< of `ids`, see HeldOutSamples
  /// Mean flip rate of the held-out samples while the trigger loses its tokens one after the other.
  /// A few tokens suffice for a backdoor; what merely pushes a clean model needs them all.
  double persistence = 0;
  std::int64_t epochs = 0;
  std::int64_t candidates = 0;
  std::vector<ScoredTrigger> visited;     ///< triggers that the search came by
  std::map<std::string, double> figures;  ///< the method's own
  std::shared_ptr<TriggerLoss> loss_of;
  std::shared_ptr<TriggerSearch> search;
};

/// A defense that inverts a trigger for every ordered pair of labels, believes in one of them, and
/// unlearns it (Sun et al., EliBadCode, FSE 2025): clean samples with the found ids in them keep
/// their true labels. Methods differ in the search and in the verdict alone; samples, positions,
/// judging, the choice of the pair and unlearning are the same for all.
///
/// Of each label samples are drawn to invert on, at most half of them, and others to judge by; one
/// sample alone serves as both. Steps of unlearning keep to the context's budget, shared out over
/// the rounds.
///
/// defend() throws Error `defense.no-clean-samples` when there are none,
/// `defense.NAME.no-unknown-token` when the tokenizer has no <unk>, and what prepare() throws.
class TriggerInversion : public ModelDefense {
 public:
  ~TriggerInversion() override;

  DefenseNeeds needs() const final { return {.clean_samples = true}; }
  DefenseOutcome defend(DefenseContext& context) const final;

 protected:
  /// `name` is the plugin's, for errors.
  TriggerInversion(std::string_view name, const TriggerInversionSettings& settings,
                   const SearchShape& shape);

 private:
  /// Called once before the pairs of labels are inverted.
  virtual std::unique_ptr<TriggerSearch> prepare(const DefenseContext& context) const = 0;
  /// Whether the best pair of labels speaks for a backdoor.
  virtual bool is_backdoor(const Inversion& best) const = 0;

  /// One ordered pair of labels.
  Inversion invert(DefenseContext& context, std::shared_ptr<TriggerSearch> search,
                   std::int64_t victim_label, std::int64_t target_label, const Rng& rng) const;
  /// All that have clean samples, best first. Adds what they cost to the figures of `outcome`.
  std::vector<Inversion> invert_all(DefenseContext& context,
                                    const std::shared_ptr<TriggerSearch>& search, const Rng& rng,
                                    DefenseOutcome& outcome) const;
  /// `ids` of `found` and as many others, purified, as there are to unlearn, drawn from those that
  /// the search came by.
  std::vector<TriggerIds> trigger_pool(DefenseContext& context, const Inversion& found) const;
  /// `answers`: of the victim before any repair to the clean samples, log-probabilities [samples,
  /// classes]; undefined where labels are learned.
  void unlearn(DefenseContext& context, std::int64_t victim_label,
               const std::vector<TriggerIds>& triggers, const at::Tensor& answers, const Rng& rng,
               DefenseOutcome& outcome) const;
  /// Unlearns, and again what a new inversion of all pairs finds, for `rounds` or until that is no
  /// backdoor.
  void unlearn_in_rounds(DefenseContext& context, const Inversion& first,
                         DefenseOutcome& outcome) const;

  std::string name_;
  TriggerInversionSettings settings_;
  SearchShape shape_;
};

}  // namespace ncmlab
