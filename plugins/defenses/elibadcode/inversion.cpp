// SPDX-License-Identifier: Apache-2.0
#include "inversion.hpp"

#include <torch/types.h>

#include <algorithm>
#include <functional>

#include "anchoring.hpp"

namespace ncmlab::elibadcode {
namespace {

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

/// Samples to judge triggers by.
class Judges {
 public:
  Judges(CodeModel& victim, std::vector<InversionSample> samples, std::int64_t target_label,
         Progress& progress)
      : victim_(victim),
        samples_(std::move(samples)),
        target_label_(target_label),
        progress_(progress) {
    std::vector<TokenSample> plain;
    for (const InversionSample& each : samples_) {
      plain.push_back(each.sample);
    }
    elsewhere_ = victim_.predict(plain, progress_).argmax(1).ne(target_label_);
  }

  /// Of the samples that are not predicted as the target without the trigger, the share that is
  /// with it; 0 when there are none.
  double flip_rate(const TriggerIds& trigger) const {
    std::vector<TokenSample> triggered;
    for (const InversionSample& each : samples_) {
      triggered.push_back(with_trigger(each, trigger, victim_.rules()));
    }
    const at::Tensor turned = victim_.predict(triggered, progress_).argmax(1).eq(target_label_);
    const auto count = elsewhere_.sum().item<std::int64_t>();
    return count == 0 ? 0.0
                      : (elsewhere_ & turned).sum().item<double>() / static_cast<double>(count);
  }

 private:
  CodeModel& victim_;
  std::vector<InversionSample> samples_;
  std::int64_t target_label_;
  Progress& progress_;
  at::Tensor elsewhere_;
};

/// The losses that `found` was judged by, as long as nobody wants to stop.
std::function<double(const TriggerIds&)> checked_loss(const Inversion& found, Progress& progress) {
  return [&loss_of = *found.loss_of, &progress](const TriggerIds& trigger) {
    progress.check();
    return loss_of(trigger);
  };
}

}  // namespace

double TriggerLoss::operator()(const TriggerIds& trigger) {
  const auto found = known_.find(trigger);
  return found != known_.end() ? found->second
                               : known_.emplace(trigger, scorer_.loss(trigger)).first->second;
}

Inversion invert(CodeModel& victim, const TaskView& task, const std::vector<Example>& clean,
                 const std::vector<std::int64_t>& vocabulary, std::int64_t victim_label,
                 std::int64_t target_label, const InversionOptions& options, const Rng& rng,
                 Progress& progress) {
  // Predictions are no steps of the search.
  QuietProgress uncounted(progress);
  const Drawn drawn = draw(clean, victim_label, options, rng.stream("samples"));
  Inversion found{.rng = rng, .victim_label = victim_label, .target_label = target_label};
  found.loss_of = std::make_shared<TriggerLoss>(CandidateScorer(
      victim,
      place_triggers(victim, task, drawn.inversion, target_label, options.position, uncounted),
      target_label, {}));
  CandidateScorer& scorer = found.loss_of->scorer();
  for (std::int64_t restart = 0; restart < options.restarts; ++restart) {
    const SearchResult result =
        search_trigger(scorer, vocabulary, options.search,
                       rng.stream("search", static_cast<std::uint64_t>(restart)), progress);
    // The epochs that an early end has saved.
    progress.advance(options.search.epochs - result.epochs);
    found.epochs += result.epochs;
    found.candidates += result.candidates;
    found.visited.insert(found.visited.end(), result.visited.begin(), result.visited.end());
    if (restart == 0 || result.best.loss < found.raw_loss) {
      found.raw_ids = result.best.ids;
      found.raw_loss = result.best.loss;
    }
  }
  const auto loss = checked_loss(found, progress);
  found.ids = anchor(found.raw_ids, options.beta, loss);
  found.loss = loss(found.ids);
  found.hit_rate = scorer.hit_rate(found.ids);
  const Judges judges(
      victim,
      place_triggers(victim, task, drawn.held_out, target_label, options.position, uncounted),
      target_label, uncounted);
  found.flip_rate = judges.flip_rate(found.ids);
  const std::vector<TriggerIds> steps = shrink(found.raw_ids, loss);
  for (const TriggerIds& step : steps) {
    found.persistence += judges.flip_rate(step) / static_cast<double>(steps.size());
  }
  return found;
}

std::vector<TriggerIds> trigger_pool(const Inversion& found, const InversionOptions& options,
                                     Progress& progress) {
  const auto loss = checked_loss(found, progress);
  std::vector<TriggerIds> pool = {found.ids};
  std::vector<ScoredTrigger> visited = found.visited;
  std::erase_if(visited, [&](const ScoredTrigger& each) {
    return each.loss > found.raw_loss + options.beta;
  });
  found.rng.stream("pool").shuffle(visited);
  progress.begin("gathering triggers", options.triggers);
  progress.advance();
  for (const ScoredTrigger& each : visited) {
    if (std::ssize(pool) >= options.triggers) {
      break;
    }
    const TriggerIds ids = anchor(each.ids, options.beta, loss);
    if (std::ranges::find(pool, ids) == pool.end()) {
      pool.push_back(ids);
      progress.advance();
    }
  }
  return pool;
}

}  // namespace ncmlab::elibadcode
