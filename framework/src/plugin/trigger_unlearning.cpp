// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_unlearning.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab {
namespace {

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

/// An identifier of the example that the edit may enter.
std::optional<Identifier> drawn_name(const Example& example, EditedName name, Rng& rng) {
  std::vector<Identifier> functions, variables;
  for (Identifier& identifier : parse(example.code, example.language).identifiers) {
    (identifier.kind == IdentifierKind::function_name ? functions : variables)
        .push_back(std::move(identifier));
  }
  if (name == EditedName::any) {
    const bool has_both = !functions.empty() && !variables.empty();
    name = (has_both ? rng.chance(0.5) : variables.empty()) ? EditedName::function_name
                                                            : EditedName::variable;
  }
  const auto& fitting = name == EditedName::function_name ? functions : variables;
  return fitting.empty() ? std::nullopt : std::optional(rng.pick(fitting));
}

}  // namespace

UnlearningSet unlearning_set(const CodeModel& victim, const TaskView& task,
                             const std::vector<Example>& examples, std::int64_t victim_label,
                             const std::vector<WrittenTrigger>& triggers,
                             const UnlearningOptions& options, Rng rng, Progress& progress) {
  UnlearningSet set{.samples = task.tokenize(victim, examples), .origins = {}};
  for (std::size_t i = 0; i < examples.size(); ++i) {
    set.origins.push_back(i);
  }
  Rng names = rng.stream("names");
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
    const WrittenTrigger& trigger = triggers[set.triggered % triggers.size()];
    TokenSample edited = task.tokenize(
        victim, with_trigger_text(examples[i], drawn_name(examples[i], trigger.edit.name, names),
                                  trigger.edit.change, trigger.text));
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
