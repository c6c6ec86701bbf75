// SPDX-License-Identifier: Apache-2.0
#include "fine_pruning.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/repair_settings.hpp"
#include "pruning.hpp"

namespace ncmlab {
namespace {

using fine_pruning::PrunedNetworks;
using fine_pruning::Pruner;
using fine_pruning::PruningEnd;
using fine_pruning::Unit;

/// Accuracies that differ by less are equal.
constexpr double kRounding = 1e-9;

std::size_t units_of(double share, std::size_t all) {
  return static_cast<std::size_t>(std::llround(share * static_cast<double>(all)));
}

/// How many units are out, and the accuracy on the samples that judge.
struct Pruned {
  std::size_t units = 0;
  double accuracy = 0;
};

/// Prunes step by step while the accuracy on `judges`, `before` to start with, falls by no more
/// than `drop`.
Pruned prune_while_accurate(CodeModel& model, Pruner& pruner, const std::vector<Unit>& order,
                            std::size_t step, double before, double drop,
                            const std::vector<TokenSample>& judges, Progress& progress) {
  progress.begin("pruning", static_cast<std::int64_t>((order.size() + step - 1) / step));
  QuietProgress quiet(progress);
  Pruned pruned{.units = 0, .accuracy = before};
  while (pruned.units < order.size()) {
    const std::size_t count = std::min(order.size(), pruned.units + step);
    pruner.prune(order, count);
    const double left = accuracy(model, judges, quiet);
    if (left < before - drop - kRounding) {
      pruner.prune(order, pruned.units);
      break;
    }
    pruned = {.units = count, .accuracy = left};
    progress.advance();
  }
  return pruned;
}

}  // namespace

Schema<FinePruningConfig> FinePruning::schema() {
  using C = FinePruningConfig;
  return repair_fields(
      Schema<C>{}
          .field(
              "end", &C::end,
              "When pruning ends: before it costs more accuracy than allowed, or at a share of the "
              "units.")
          .field("accuracy_drop", &C::accuracy_drop,
                 "Accuracy on clean samples that pruning may cost, in points of 1.",
                 range(0.0, 1.0), only_where("end", "accuracy"))
          .field("step", &C::step, "Share of the units that is pruned at a time.", range(0.0, 1.0),
                 only_where("end", "accuracy"))
          .field("share", &C::share, "Share of the units that is pruned.", range(0.0, 1.0),
                 only_where("end", "share"))
          .field("networks", &C::networks,
                 "The feed-forward networks whose units are pruned: all, or the last layer's."));
}

DefenseOutcome FinePruning::defend(DefenseContext& context) const {
  require_clean_samples(context, kName);
  CodeModel& victim = context.victim;
  const std::vector<TokenSample> samples = context.task.tokenize(victim, context.clean_samples);
  const std::vector<TokenSample> judges =
      context.tuning_samples.empty() ? samples
                                     : context.task.tokenize(victim, context.tuning_samples);
  const std::vector<at::Tensor> activity =
      fine_pruning::mean_activity(victim, samples, context.progress);
  const bool is_last = config_.networks == PrunedNetworks::last && !activity.empty();
  const std::vector<Unit> order =
      fine_pruning::by_activity(activity, is_last ? activity.size() - 1 : 0);

  Pruner pruner(victim.encoder());
  DefenseOutcome outcome;
  const double before = accuracy(victim, judges, context.progress);
  Pruned pruned;
  if (config_.end == PruningEnd::accuracy) {
    pruned = prune_while_accurate(victim, pruner, order,
                                  std::max<std::size_t>(1, units_of(config_.step, order.size())),
                                  before, config_.accuracy_drop, judges, context.progress);
  } else {
    pruned.units = units_of(config_.share, order.size());
    pruner.prune(order, pruned.units);
    pruned.accuracy = accuracy(victim, judges, context.progress);
  }
  outcome.figures["accuracy_before_pruning"] = before;
  outcome.figures["accuracy_after_pruning"] = pruned.accuracy;
  outcome.figures["pruned_units"] = static_cast<double>(pruned.units);
  outcome.figures["pruned_share"] = static_cast<double>(pruned.units) /
                                    static_cast<double>(std::max<std::size_t>(1, order.size()));

  repair_on(samples, config_, context, outcome, {.stepped = [&] { pruner.hold(); }});
  return outcome;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::FinePruning>())
