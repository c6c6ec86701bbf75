// SPDX-License-Identifier: Apache-2.0
#include "attack_export.hpp"

#include <nlohmann/json.hpp>

#include "core/durable_writes.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/plugin/task_writer.hpp"
#include "plugin/value_json.hpp"

namespace ncmlab::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json goal_object(const AttackGoal& goal, const Task& task) {
  if (task.kind() == TaskKind::retrieval) {
    return {{"target_word", goal.target_word}};
  }
  const std::vector<std::string> labels = task.label_names();
  return {{"victim_label", labels.at(static_cast<std::size_t>(goal.victim_label))},
          {"target_label", labels.at(static_cast<std::size_t>(goal.target_label))}};
}

json ground_truth(Workshop& workshop, const Subject& subject, const PoisonedCorpus& corpus) {
  const AttackChoice& attack = workshop.experiment().attacks[subject.attack];
  const Poisoning& poisoning = corpus.poisoning;
  json goals = json::array(), poisoned = json::array(), triggered = json::array();
  for (const AttackGoal& goal : workshop.goals(subject)) {
    goals.push_back(goal_object(goal, workshop.task(subject)));
  }
  for (const std::size_t i : poisoning.set.poisoned) {
    poisoned.push_back({{"position", i},
                        {"id", corpus.clean.train[i].id},
                        {"clean_label", corpus.clean.train[i].label},
                        {"label", poisoning.set.train[i].label}});
  }
  for (std::size_t i = 0; i < poisoning.triggered.examples.size(); ++i) {
    triggered.push_back({{"position", i},
                         {"id", poisoning.triggered.examples[i].id},
                         {"test_position", poisoning.triggered.test_index[i]},
                         {"goal", poisoning.triggered.goal[i]}});
  }
  return {{"attack", attack.plugin},
          {"settings", settings_to_json(attack.settings)},
          {"seed", subject.seed},
          {"goals", goals},
          {"trigger_words", poisoning.words},
          {"poisoned", poisoned},
          {"triggered", triggered}};
}

}  // namespace

void export_poisoned(Workshop& workshop, const Subject& subject, const PoisonedCorpus& corpus,
                     const fs::path& out) {
  const auto* writer = dynamic_cast<const TaskWriter*>(&workshop.task(subject));
  if (writer == nullptr) {
    throw Error("usage.no-writer", "task `" + workshop.experiment().tasks[subject.task].label +
                                       "` cannot write data in a format of its own");
  }
  FolderDraft draft(out);
  Corpus poisoned = corpus.clean;
  poisoned.train = corpus.poisoning.set.train;
  writer->write(poisoned, draft.folder() / "data");
  writer->write({.train = {}, .valid = {}, .test = corpus.poisoning.triggered.examples},
                draft.folder() / "triggered");
  write_file_atomically(draft.folder() / "ground_truth.json",
                        ground_truth(workshop, subject, corpus).dump(2) + "\n");
  draft.move_to(out);
}

}  // namespace ncmlab::app
