// SPDX-License-Identifier: Apache-2.0
#include "inversion.hpp"

#include <torch/torch.h>

#include <algorithm>

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
  const Drawn drawn = draw(clean, victim_label, options, rng.stream("samples"));
  CandidateScorer scorer(
      victim,
      place_triggers(victim, task, drawn.inversion, target_label, options.position, progress),
      target_label, {});
  Inversion found{.victim_label = victim_label, .target_label = target_label};
  for (std::int64_t restart = 0; restart < options.restarts; ++restart) {
    const SearchResult result =
        search_trigger(scorer, vocabulary, options.search,
                       rng.stream("search", static_cast<std::uint64_t>(restart)), progress);
    // The epochs that an early end has saved.
    progress.advance(options.search.epochs - result.epochs);
    found.epochs += result.epochs;
    found.candidates += result.candidates;
    if (restart == 0 || result.loss < found.raw_loss) {
      found.raw_ids = result.ids;
      found.raw_loss = result.loss;
    }
  }
  found.ids = anchor(found.raw_ids, options.beta, [&](const TriggerIds& trigger) {
    progress.check();
    return scorer.loss(trigger);
  });
  found.loss = scorer.loss(found.ids);
  found.hit_rate = scorer.hit_rate(found.ids);
  found.flip_rate = flip_rate(
      victim,
      place_triggers(victim, task, drawn.held_out, target_label, options.position, progress),
      found.ids, target_label, progress);
  return found;
}

}  // namespace ncmlab::elibadcode
