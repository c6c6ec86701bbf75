// SPDX-License-Identifier: Apache-2.0
#include "inversion.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <functional>

#include "anchoring.hpp"

namespace ncmlab::elibadcode {
namespace {

/// Passes on the wish to stop and nothing else: predictions are no steps of the search.
class Uncounted final : public Progress {
 public:
  explicit Uncounted(const Progress& outer) : outer_(outer) {}
  bool cancelled() const override { return outer_.cancelled(); }

 private:
  const Progress& outer_;
};

/// Samples of one label, drawn without overlap.
struct Drawn {
  std::vector<Example> inversion;
  std::vector<Example> held_out;
};

Drawn draw(const std::vector<Example>& clean, std::int64_t label, const InversionOptions& options,
           Rng rng) {
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    if (clean[i].label == label) {
      members.push_back(i);
    }
  }
  rng.shuffle(members);
  const std::size_t half = (members.size() + 1) / 2;
  const std::size_t first = std::min(half, static_cast<std::size_t>(options.samples));
  const std::size_t last =
      std::min(members.size(), first + static_cast<std::size_t>(options.held_out));
  Drawn drawn;
  for (std::size_t i = 0; i < last; ++i) {
    (i < first ? drawn.inversion : drawn.held_out).push_back(clean[members[i]]);
  }
  if (drawn.held_out.empty()) {
    drawn.held_out = drawn.inversion;
  }
  return drawn;
}

/// Up to `count` distinct triggers: `best` first, then anchored ones drawn from `visited`.
std::vector<TriggerIds> trigger_pool(const TriggerIds& best, std::vector<ScoredTrigger> visited,
                                     double highest_loss, std::int64_t count,
                                     const std::function<TriggerIds(const TriggerIds&)>& anchored,
                                     Rng rng) {
  std::vector<TriggerIds> pool = {best};
  std::erase_if(visited, [&](const ScoredTrigger& each) { return each.loss > highest_loss; });
  rng.shuffle(visited);
  for (const ScoredTrigger& each : visited) {
    if (static_cast<std::int64_t>(pool.size()) >= count) {
      break;
    }
    const TriggerIds ids = anchored(each.ids);
    if (std::find(pool.begin(), pool.end(), ids) == pool.end()) {
      pool.push_back(ids);
    }
  }
  return pool;
}

}  // namespace

double flip_rate(Victim& victim, const std::vector<InversionSample>& samples,
                 const TriggerIds& trigger, std::int64_t target_label, Progress& progress) {
  std::vector<TokenSample> plain;
  std::vector<TokenSample> triggered;
  for (const InversionSample& sample : samples) {
    plain.push_back(sample.sample);
    triggered.push_back(with_trigger(sample, trigger, victim.rules().max_tokens));
  }
  const at::Tensor elsewhere = victim.predict(plain, progress).argmax(1).ne(target_label);
  const at::Tensor turned = victim.predict(triggered, progress).argmax(1).eq(target_label);
  const auto count = elsewhere.sum().item<std::int64_t>();
  return count == 0 ? 0.0 : (elsewhere & turned).sum().item<double>() / static_cast<double>(count);
}

Inversion invert(Victim& victim, const TaskView& task, const std::vector<Example>& clean,
                 const std::vector<std::int64_t>& vocabulary, std::int64_t victim_label,
                 std::int64_t target_label, const InversionOptions& options, const Rng& rng,
                 Progress& progress) {
  Uncounted uncounted(progress);
  const Drawn drawn = draw(clean, victim_label, options, rng.stream("samples"));
  CandidateScorer scorer(
      victim,
      place_triggers(victim, task, drawn.inversion, target_label, options.position, uncounted),
      target_label, {});
  Inversion found{.victim_label = victim_label, .target_label = target_label};
  std::vector<ScoredTrigger> visited;
  for (std::int64_t restart = 0; restart < options.restarts; ++restart) {
    const SearchResult result =
        search_trigger(scorer, vocabulary, options.search,
                       rng.stream("search", static_cast<std::uint64_t>(restart)), progress);
    // The epochs that an early end has saved.
    progress.advance(options.search.epochs - result.epochs);
    found.epochs += result.epochs;
    found.candidates += result.candidates;
    visited.insert(visited.end(), result.visited.begin(), result.visited.end());
    if (restart == 0 || result.best.loss < found.raw_loss) {
      found.raw_ids = result.best.ids;
      found.raw_loss = result.best.loss;
    }
  }
  const auto loss = [&](const TriggerIds& trigger) {
    progress.check();
    return scorer.loss(trigger);
  };
  const auto anchored = [&](const TriggerIds& whole) { return anchor(whole, options.beta, loss); };
  found.ids = anchored(found.raw_ids);
  found.pool = trigger_pool(found.ids, std::move(visited), found.raw_loss + options.beta,
                            options.triggers, anchored, rng.stream("pool"));
  found.loss = scorer.loss(found.ids);
  found.hit_rate = scorer.hit_rate(found.ids);
  const auto judges =
      place_triggers(victim, task, drawn.held_out, target_label, options.position, uncounted);
  found.flip_rate = flip_rate(victim, judges, found.ids, target_label, uncounted);
  const std::vector<TriggerIds> steps = shrink(found.raw_ids, loss);
  for (const TriggerIds& step : steps) {
    found.persistence += flip_rate(victim, judges, step, target_label, uncounted) /
                         static_cast<double>(steps.size());
  }
  return found;
}

}  // namespace ncmlab::elibadcode
