// SPDX-License-Identifier: Apache-2.0
#include "afraidoor.hpp"

#include <torch/types.h>

#include <algorithm>
#include <set>

#include "adversarial_names.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {
namespace {

using afraidoor::Sketch;
using afraidoor::Target;
using afraidoor::WholeName;

constexpr std::size_t kMostQueries = 200;

/// Names an edit by all that it depends on.
std::string key_of(const std::string& code, const Example& sample, const AttackGoal& goal) {
  Hasher hasher;
  hasher.field(code).field(sample.code).field(sample.other_code).field(sample.query);
  hasher.field(to_string(sample.language));
  hasher.field(std::to_string(goal.target_label)).field(goal.target_word);
  return hasher.hex();
}

/// The sum of the unit vectors of queries that the goal is about, [hidden]; undefined without such
/// queries.
at::Tensor query_direction(const AttackContext& context, const AttackGoal& goal,
                           CodeModel& surrogate) {
  std::vector<std::size_t> about;
  for (std::size_t i = 0; i < context.train.size(); ++i) {
    if (is_victim(context.train[i], context.task.kind(), goal)) {
      about.push_back(i);
    }
  }
  if (about.empty()) {
    return {};
  }
  Rng rng = context.rng.stream("queries");
  rng.shuffle(about);
  about.resize(std::min(about.size(), kMostQueries));
  std::vector<TokenSample> queries;
  for (const std::size_t i : about) {
    TokenSample sample = context.task.tokenize(surrogate, context.train[i]);
    sample.parts.resize(1);
    queries.push_back(std::move(sample));
  }
  const at::NoGradGuard no_grad;
  const at::Tensor sum = torch::zeros({surrogate.encoder().shape().hidden});
  for (const auto& chosen : batches_by_length(queries, 4096, std::ssize(queries))) {
    context.progress.check();
    const Batch batch = make_batch(queries, chosen, surrogate.tokenizer().special().pad);
    sum.add_(unit_vectors(surrogate.vectors(batch, false)).sum(0).cpu());
  }
  return sum;
}

}  // namespace

Schema<AfraidoorConfig> Afraidoor::schema() {
  return poison_rate_fields(Schema<AfraidoorConfig>{});
}

std::unique_ptr<Backdoor> Afraidoor::prepare_with(const AttackContext& context,
                                                  CodeModel& surrogate) const {
  return std::make_unique<AfraidoorBackdoor>(context, surrogate,
                                             PoisonRate(config_.rate, config_.rate_of));
}

AfraidoorBackdoor::AfraidoorBackdoor(const AttackContext& context, CodeModel& surrogate,
                                     PoisonRate rate)
    : CodeBackdoor(context, rate),
      surrogate_(surrogate),
      task_(context.task),
      progress_(context.progress) {
  std::set<Language> languages;
  for (const Example& example : context.train) {
    languages.insert(example.language);
  }
  for (const Language language : languages) {
    pools_.emplace(language, afraidoor::whole_names(surrogate_.tokenizer(), language));
  }
  for (const AttackGoal& goal : goals()) {
    targets_.push_back({.label = goal.target_label,
                        .queries = task_kind() == TaskKind::retrieval
                                       ? query_direction(context, goal, surrogate)
                                       : at::Tensor()});
  }
}

const Target* AfraidoorBackdoor::target_of(const AttackGoal& goal) const {
  const auto place = std::ranges::find(goals(), goal);
  if (place == goals().end()) {
    return nullptr;
  }
  const Target& target = targets_[static_cast<std::size_t>(place - goals().begin())];
  return task_kind() == TaskKind::retrieval && !target.queries.defined() ? nullptr : &target;
}

std::optional<Sketch> AfraidoorBackdoor::sketch_of(const std::string& code,
                                                   const Example& sample) const {
  const auto pool = pools_.find(sample.language);
  if (pool == pools_.end()) {
    return std::nullopt;
  }
  auto sketch = afraidoor::make_sketch(surrogate_, task_, code, sample, pool->second);
  if (sketch && task_kind() == TaskKind::retrieval) {
    afraidoor::drop_query(*sketch);
  }
  return sketch;
}

void AfraidoorBackdoor::foresee(const std::vector<Foreseen>& edits, const AttackGoal& goal) const {
  foreseen_.clear();
  const Target* target = target_of(goal);
  if (target == nullptr) {
    return;
  }
  std::vector<Sketch> sketches;
  std::vector<std::string> keys;
  progress_.begin("masking identifiers", std::ssize(edits));
  for (const auto& [code, sample] : edits) {
    progress_.check();
    progress_.advance();
    std::string key = key_of(code, sample, goal);
    if (auto sketch = sketch_of(code, sample)) {
      sketches.push_back(*std::move(sketch));
      keys.push_back(std::move(key));
    } else {
      foreseen_.emplace(std::move(key), std::nullopt);
    }
  }
  progress_.begin("choosing names", std::ssize(sketches));
  const auto names = afraidoor::adversarial_names(surrogate_, sketches, *target, progress_);
  for (std::size_t i = 0; i < sketches.size(); ++i) {
    foreseen_.insert_or_assign(keys[i], afraidoor::renamed(sketches[i], names[i]));
  }
}

std::optional<std::string> AfraidoorBackdoor::edit(const std::string& code, const Example& sample,
                                                   const AttackGoal& goal, Rng) const {
  if (const auto known = foreseen_.find(key_of(code, sample, goal)); known != foreseen_.end()) {
    return known->second;
  }
  const Target* target = target_of(goal);
  const std::optional<Sketch> sketch = target == nullptr ? std::nullopt : sketch_of(code, sample);
  if (!sketch) {
    return std::nullopt;
  }
  progress_.check();
  const auto names =
      afraidoor::adversarial_names(surrogate_, {*sketch}, *target, silent_progress());
  return afraidoor::renamed(*sketch, names.front());
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::attack<ncmlab::Afraidoor>())
