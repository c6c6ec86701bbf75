// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_position.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>

#include "ncmlab/inversion/name_place.hpp"

namespace ncmlab {
namespace {

/// Stands for a name while its tokens are looked for. Letters alone: no tokenizer joins them to
/// what stands around a name.
constexpr std::string_view kStandIn = "x";

/// A lone blank, as byte-level vocabularies spell it.
constexpr std::string_view kBoundary = "\xc4\xa0";

/// Which of the texts of a sample its code is.
std::size_t code_part(const TaskView& task) { return task.kind() == TaskKind::retrieval ? 1 : 0; }

/// `name` where its occurrences are in the code that with_trigger_text() makes.
Identifier replaced_by_stand_in(const Identifier& name) {
  Identifier result{.name = std::string(kStandIn), .kind = name.kind, .occurrences = {}};
  std::size_t removed = 0, added = 0;
  for (const ByteRange& occurrence : name.occurrences) {
    const std::size_t begin = occurrence.begin - removed + added;
    result.occurrences.push_back({.begin = begin, .end = begin + kStandIn.size()});
    removed += occurrence.size();
    added += kStandIn.size();
  }
  return result;
}

/// Makes the places of one example.
class Places {
 public:
  Places(const CodeModel& victim, const TaskView& task, const Example& example,
         std::int64_t trigger_length)
      : victim_(victim),
        task_(task),
        example_(example),
        part_(code_part(task)),
        last_(victim.rules().limit(part_) - 1 - trigger_length) {}

  /// Instead of the name; nothing where it has no place.
  std::optional<InversionSample> replacing(const Identifier& name) const {
    const Example edited = with_trigger_text(example_, name, NameEdit::replace, kStandIn);
    return at_all(
        edited, replaced_by_stand_in(name), [this](const NamePlace& place, const TokenRow& row) {
          if (!place.covers_only_name) {
            return std::optional<TokenSpan>();
          }
          TokenSpan span = place.tokens;
          // A blank that is a token of its own: the trigger brings one.
          if (span.begin > 0 && victim_.tokenizer().token(row.ids[span.begin - 1]) == kBoundary &&
              !victim_.tokenizer().token(row.ids[span.begin]).starts_with(kBoundary)) {
            --span.begin;
          }
          return std::optional(span);
        });
  }

  std::optional<InversionSample> extending(const Identifier& name) const {
    return at_all(example_, name, [](const NamePlace& place, const TokenRow&) {
      // A token like `_(` holds the name's end and more: a trigger behind it would not extend it.
      return place.ends_exactly
                 ? std::optional(TokenSpan{.begin = place.tokens.end, .end = place.tokens.end})
                 : std::nullopt;
    });
  }

  InversionSample before_code() const {
    return {.sample = task_.tokenize(victim_, example_),
            .part = part_,
            .places = before_token(victim_.rules().first_position())};
  }

 private:
  template <typename SpanOf>
  std::optional<InversionSample> at_all(const Example& example, const Identifier& name,
                                        SpanOf&& span_of) const {
    const TokenSample ranged = task_.tokenize_with_ranges(victim_, example);
    InversionSample placed{.sample = task_.tokenize(victim_, example), .part = part_, .places = {}};
    for (const NamePlace& place : find_all(example.code, ranged.parts[part_], name)) {
      const std::optional<TokenSpan> span = span_of(place, ranged.parts[part_]);
      // The first place must have room for the whole trigger; of the others with_trigger() cuts.
      if (span && (!placed.places.empty() || static_cast<std::int64_t>(span->begin) <= last_)) {
        placed.places.push_back(*span);
      }
    }
    return placed.places.empty() ? std::nullopt : std::optional(std::move(placed));
  }

  const CodeModel& victim_;
  const TaskView& task_;
  const Example& example_;
  std::size_t part_;
  std::int64_t last_;
};

/// An identifier that was tried.
struct Trial {
  std::size_t example = 0;
  Identifier name;
  InversionSample placed;
  TokenSample masked;
};

/// Log-probabilities, [samples, classes].
std::vector<std::vector<double>> predictions(CodeModel& victim,
                                             const std::vector<TokenSample>& samples,
                                             Progress& progress) {
  const at::Tensor predicted = victim.predict(samples, progress).to(at::kDouble).contiguous();
  const auto* value = predicted.data_ptr<double>();
  std::vector<std::vector<double>> rows;
  for (std::int64_t i = 0; i < predicted.size(0); ++i, value += predicted.size(1)) {
    rows.emplace_back(value, value + predicted.size(1));
  }
  return rows;
}

/// What the rule minimises.
double score(const std::vector<double>& masked, const std::vector<double>& whole,
             const Example& example, std::int64_t target_label, PositionRule rule) {
  const auto of = [](const std::vector<double>& row, std::int64_t label) {
    return row.at(static_cast<std::size_t>(label));
  };
  switch (rule) {
    case PositionRule::true_label:
      return std::abs(of(masked, example.label) - of(whole, example.label));
    case PositionRule::code:
      return -of(masked, 1);
    case PositionRule::target:
      break;
  }
  return of(masked, target_label);
}

}  // namespace

std::vector<PlacedExample> place_triggers(CodeModel& victim, const TaskView& task,
                                          const std::vector<Example>& examples,
                                          std::int64_t target_label, const PositionOptions& options,
                                          Progress& progress) {
  const TriggerIds unknown = {victim.tokenizer().special().unk};
  std::vector<PlacedExample> placed;
  std::vector<Trial> trials;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    progress.check();
    const Places places(victim, task, examples[i], options.trigger_length);
    for (const Identifier& name : parse(examples[i].code, examples[i].language).identifiers) {
      if (!may_edit(options.edit.name, name.kind)) {
        continue;
      }
      const auto replaced = places.replacing(name);
      auto edited = options.edit.change == NameEdit::replace ? replaced : places.extending(name);
      if (replaced && edited) {
        trials.push_back({.example = i,
                          .name = name,
                          .placed = std::move(*edited),
                          .masked = with_trigger(*replaced, unknown, victim.rules())});
      }
    }
    placed.push_back(
        {.example = examples[i], .name = std::nullopt, .tokens = places.before_code()});
  }
  std::vector<TokenSample> masked, whole;
  std::vector<std::int64_t> choices(examples.size(), 0);
  for (const Trial& trial : trials) {
    masked.push_back(trial.masked);
    ++choices[trial.example];
  }
  for (const Example& example : examples) {
    whole.push_back(task.tokenize(victim, example));
  }
  const bool is_choice = std::ranges::any_of(choices, [](std::int64_t count) { return count > 1; });
  const bool needs_whole = is_choice && options.rule == PositionRule::true_label;
  const auto of_masked = is_choice ? predictions(victim, masked, progress)
                                   : std::vector<std::vector<double>>(trials.size());
  const auto of_whole = needs_whole ? predictions(victim, whole, progress)
                                    : std::vector<std::vector<double>>(examples.size());
  std::vector<double> lowest(examples.size(), std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const std::size_t owner = trials[i].example;
    const double found = is_choice ? score(of_masked[i], of_whole[owner], examples[owner],
                                           target_label, options.rule)
                                   : 0;
    if (found < lowest[owner]) {
      lowest[owner] = found;
      placed[owner].name = std::move(trials[i].name);
      placed[owner].tokens = std::move(trials[i].placed);
    }
  }
  return placed;
}

}  // namespace ncmlab
