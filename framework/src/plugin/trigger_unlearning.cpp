// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_unlearning.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/inversion/name_place.hpp"

namespace ncmlab {
namespace {

/// U+0120, the blank before a word, as byte-level vocabularies spell it.
constexpr std::string_view kBlank = "\xc4\xa0";

std::vector<NamePlace> function_name_places(std::string_view source, Language language,
                                            const TokenRow& row, NameEdit edit) {
  const Syntax syntax = parse(source, language);
  const Identifier* name = syntax.function_name();
  if (name == nullptr) {
    return {};
  }
  std::vector<NamePlace> places = find_all(source, row, *name);
  std::erase_if(places, [edit](const NamePlace& place) {
    return !(edit == NameEdit::replace ? place.covers_only_name : place.ends_exactly);
  });
  return places;
}

/// `row` with `trigger` at all `places`, cut to `max_tokens` with </s> at the end.
std::vector<std::int64_t> edited_ids(const TokenRow& row, const std::vector<NamePlace>& places,
                                     const TriggerIds& trigger, NameEdit edit,
                                     const Tokenizer& tokenizer, std::int64_t max_tokens) {
  std::vector<std::int64_t> ids;
  std::size_t next = 0;
  for (const NamePlace& place : places) {
    const std::size_t keep_until =
        edit == NameEdit::replace ? place.tokens.begin : place.tokens.end;
    ids.insert(ids.end(), row.ids.begin() + static_cast<std::ptrdiff_t>(next),
               row.ids.begin() + static_cast<std::ptrdiff_t>(keep_until));
    // The name's first token may hold the blank that parts it from the word before.
    const bool had_blank = tokenizer.token(row.ids[place.tokens.begin]).starts_with(kBlank);
    if (const auto blank = tokenizer.id_of(kBlank);
        edit == NameEdit::replace && had_blank && blank) {
      ids.push_back(*blank);
    }
    ids.insert(ids.end(), trigger.begin(), trigger.end());
    next = place.tokens.end;
  }
  ids.insert(ids.end(), row.ids.begin() + static_cast<std::ptrdiff_t>(next), row.ids.end());
  if (static_cast<std::int64_t>(ids.size()) > max_tokens) {
    ids.resize(static_cast<std::size_t>(max_tokens));
    ids.back() = row.ids.back();
  }
  return ids;
}

/// `share` of the examples that carry `label`, drawn by `rng`.
std::vector<std::size_t> drawn_examples(const std::vector<Example>& examples, std::int64_t label,
                                        double share, Rng& rng) {
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (examples[i].label == label) {
      members.push_back(i);
    }
  }
  rng.shuffle(members);
  members.resize(
      static_cast<std::size_t>(std::llround(share * static_cast<double>(members.size()))));
  return members;
}

/// The example with `trigger` at every occurrence of its function name, or before its text.
TokenSample with_name_edited(const CodeModel& victim, const TaskView& task, const Example& example,
                             const TriggerIds& trigger, NameEdit edit) {
  const TokenSample ranged = task.tokenize_with_ranges(victim, example);
  const TokenRow& row = ranged.parts.front();
  const auto places =
      function_name_places(task.parts(example).front(), example.language, row, edit);
  TokenSample sample = task.tokenize(victim, example);
  if (places.empty()) {
    return with_trigger(
        {.sample = sample, .part = 0, .places = before_token(victim.rules().first_position())},
        trigger, victim.rules());
  }
  sample.parts.front().ids =
      edited_ids(row, places, trigger, edit, victim.tokenizer(), victim.rules().limit(0));
  return sample;
}

}  // namespace

UnlearningSet unlearning_set(const CodeModel& victim, const TaskView& task,
                             const std::vector<Example>& examples, std::int64_t victim_label,
                             const std::vector<TriggerIds>& triggers,
                             const UnlearningOptions& options, Rng rng, Progress& progress) {
  UnlearningSet set{.samples = task.tokenize(victim, examples), .origins = {}};
  for (std::size_t i = 0; i < examples.size(); ++i) {
    set.origins.push_back(i);
  }
  std::vector<std::size_t> drawn = drawn_examples(examples, victim_label, options.share, rng);
  if (options.every_label) {
    std::set<std::int64_t> others;
    for (const Example& example : examples) {
      others.insert(example.label);
    }
    others.erase(victim_label);
    for (const std::int64_t label : others) {
      const auto more = drawn_examples(examples, label, options.share, rng);
      drawn.insert(drawn.end(), more.begin(), more.end());
    }
  }
  for (const std::size_t i : drawn) {
    progress.check();
    TokenSample edited = with_name_edited(victim, task, examples[i],
                                          triggers[set.triggered % triggers.size()], options.edit);
    if (options.keep_originals) {
      set.samples.push_back(std::move(edited));
      set.origins.push_back(i);
    } else {
      set.samples[i] = std::move(edited);
    }
    ++set.triggered;
  }
  return set;
}

std::function<at::Tensor(const at::Tensor& logits, const at::Tensor& labels,
                         const BatchPlace& place)>
divergence_from(at::Tensor answers, const Head& head) {
  return [answers = std::move(answers), &head](const at::Tensor& logits, const at::Tensor&,
                                               const BatchPlace& place) {
    const std::vector<std::int64_t> places(place.samples.begin(), place.samples.end());
    const at::Tensor expected = answers.index_select(0, at::tensor(places).to(answers.device()));
    const at::Tensor given = head.log_probabilities(logits).to(expected.dtype());
    return (expected.exp() * (expected - given)).sum(1);
  };
}

}  // namespace ncmlab
