// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_position.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <iterator>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/inversion/name_place.hpp"

namespace ncmlab {
namespace {

/// Places that were tried: the sample with the identifier masked, and where the trigger goes.
struct Trial {
  std::size_t example = 0;
  std::vector<TokenSpan> places;
  TokenSample masked;
};

std::vector<Trial> trials_of(std::size_t index, std::string_view source, const Syntax& syntax,
                             const TokenSample& sample, std::int64_t unknown, std::int64_t last,
                             const PositionOptions& options) {
  std::vector<Trial> trials;
  const TokenRow& row = sample.parts.front();
  for (const Identifier& identifier : syntax.identifiers) {
    if ((identifier.kind == IdentifierKind::function_name && !options.function_name) ||
        (options.consistent && identifier.occurrences.size() > 1)) {
      continue;
    }
    const std::vector<NamePlace> places = find_all(source, row, identifier);
    // A token like `_(` holds the name's end and more: a trigger behind it would not extend it.
    const auto place = std::find_if(places.begin(), places.end(),
                                    [](const NamePlace& each) { return each.ends_exactly; });
    if (place == places.end() || static_cast<std::int64_t>(place->tokens.end) > last) {
      continue;
    }
    Trial trial{.example = index,
                .places = before_token(static_cast<std::int64_t>(place->tokens.end)),
                .masked = sample};
    for (const NamePlace& each : places) {
      auto& ids = trial.masked.parts.front().ids;
      std::fill(ids.begin() + static_cast<std::ptrdiff_t>(each.tokens.begin),
                ids.begin() + static_cast<std::ptrdiff_t>(each.tokens.end), unknown);
    }
    trials.push_back(std::move(trial));
  }
  return trials;
}

}  // namespace

std::vector<InversionSample> place_triggers(CodeModel& victim, const TaskView& task,
                                            const std::vector<Example>& examples,
                                            std::int64_t target_label,
                                            const PositionOptions& options, Progress& progress) {
  const std::int64_t unknown = victim.tokenizer().special().unk;
  // The trigger must fit before </s>.
  const std::int64_t last = victim.rules().limit(0) - 1 - options.trigger_length;
  std::vector<InversionSample> placed;
  std::vector<Trial> trials;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    progress.check();
    const TokenSample sample = task.tokenize_with_ranges(victim, examples[i]);
    const std::string source = task.parts(examples[i]).front();
    const Syntax syntax = parse(source, examples[i].language);
    std::vector<Trial> own = trials_of(i, source, syntax, sample, unknown, last, options);
    if (own.empty() && options.consistent) {
      PositionOptions any = options;
      any.consistent = false;
      own = trials_of(i, source, syntax, sample, unknown, last, any);
    }
    std::move(own.begin(), own.end(), std::back_inserter(trials));
    placed.push_back({.sample = task.tokenize(victim, examples[i]),
                      .part = 0,
                      .places = before_token(victim.rules().first_position())});
  }
  if (trials.empty()) {
    return placed;
  }
  std::vector<TokenSample> masked;
  for (Trial& trial : trials) {
    masked.push_back(std::move(trial.masked));
  }
  const at::Tensor towards =
      victim.predict(masked, progress).select(1, target_label).to(at::kDouble).contiguous();
  const auto* score = towards.data_ptr<double>();
  std::vector<double> lowest(examples.size(), 1.0);  // log-probabilities are never above 0
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (score[i] < lowest[trials[i].example]) {
      lowest[trials[i].example] = score[i];
      placed[trials[i].example].places = trials[i].places;
    }
  }
  return placed;
}

}  // namespace ncmlab
