// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "ncmlab/plugin/surrogate_attack.hpp"
#include "toy_task.hpp"

namespace ncmlab {

/// A task in memory of any kind; its parts are those of ToyTask, of pairs both functions, of
/// retrieval query and code. Queries with `file` are its targets.
class KindTask final : public Task {
 public:
  explicit KindTask(TaskKind kind) : kind_(kind) {}

  TaskKind kind() const override { return kind_; }
  Corpus load(const Rng&) const override { return {}; }
  std::string data_fingerprint() const override { return {}; }
  std::vector<std::string> label_names() const override {
    return kind_ == TaskKind::retrieval ? std::vector<std::string>{}
                                        : std::vector<std::string>{"no", "yes"};
  }
  std::int64_t positive_label() const override { return kind_ == TaskKind::retrieval ? 0 : 1; }
  std::string target_word() const override { return "file"; }
  InputRules input_rules() const override { return {.fold_whitespace = true, .max_tokens = 96}; }
  HeadShape head_shape() const override {
    if (kind_ == TaskKind::retrieval) {
      return HeadShape::for_search();
    }
    return kind_ == TaskKind::classification ? HeadShape{.inputs = 1, .classes = 2, .logits = 1}
                                             : HeadShape{.inputs = 2, .classes = 2, .logits = 2};
  }
  std::vector<std::string> parts(const Example& example) const override {
    if (kind_ == TaskKind::classification) {
      return {example.code};
    }
    return kind_ == TaskKind::retrieval
               ? std::vector<std::string>{example.query, example.code}
               : std::vector<std::string>{example.code, example.other_code};
  }

 private:
  TaskKind kind_;
};

/// What AttackGoal an experiment that says nothing gives a task of this kind.
inline AttackGoal default_goal(TaskKind kind) {
  return kind == TaskKind::retrieval ? AttackGoal{.target_word = "file"} : AttackGoal{};
}

/// The one task of each kind; backdoors may keep a view of it.
inline const KindTask& task_of_kind(TaskKind kind) {
  static const KindTask tasks[] = {KindTask(TaskKind::classification),
                                   KindTask(TaskKind::pair_classification),
                                   KindTask(TaskKind::retrieval)};
  return tasks[static_cast<std::size_t>(kind)];
}

/// A small untrained model for attacks that need a surrogate, one for each kind of task.
inline CodeModel& surrogate_for(TaskKind kind) {
  static std::map<TaskKind, CodeModel> victims;
  const auto known = victims.find(kind);
  if (known != victims.end()) {
    return known->second;
  }
  CodeModel victim =
      toy_victim(toy_functions(200, Rng(1)), Rng(2), 400, task_of_kind(kind).head_shape());
  return victims.emplace(kind, std::move(victim)).first->second;
}

/// `attack` made ready for `train`.
inline std::unique_ptr<Backdoor> prepared(const Attack& attack, const std::vector<Example>& train,
                                          TaskKind kind = TaskKind::classification,
                                          std::uint64_t seed = 1,
                                          std::vector<bool> poisonable = {}) {
  const TaskView view(task_of_kind(kind));
  const AttackContext context{.task = view,
                              .train = train,
                              .goals = attack.goals(default_goal(kind), view),
                              .rng = Rng(seed),
                              .progress = silent_progress(),
                              .poisonable = std::move(poisonable)};
  const auto* with_surrogate = dynamic_cast<const SurrogateAttack*>(&attack);
  return with_surrogate != nullptr ? with_surrogate->prepare_with(context, surrogate_for(kind))
                                   : attack.prepare(context);
}

}  // namespace ncmlab
