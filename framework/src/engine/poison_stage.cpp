// SPDX-License-Identifier: Apache-2.0
#include "engine/poison_stage.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "engine/described_json.hpp"
#include "engine/described_metrics.hpp"
#include "engine/object_json.hpp"
#include "engine/planner.hpp"
#include "engine/promises.hpp"
#include "engine/workshop.hpp"
#include "loader/guarded.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/data/json_lines.hpp"
#include "ncmlab/plugin/surrogate_attack.hpp"

namespace ncmlab {
namespace {

constexpr const char* kIndices = "poisoned.json";
constexpr const char* kChanges = "changes.jsonl";
constexpr const char* kTruth = "triggered.json";
constexpr const char* kTriggered = "triggered.jsonl";
constexpr const char* kStealth = "stealth.json";

/// The file kIndices: which samples of the training set are poisoned and which have changed.
struct TrainingIndices {
  std::size_t samples = 0;
  std::vector<std::size_t> poisoned, changed;
  std::int64_t victims = 0, poisoned_victims = 0, wanted = 0;
};
BOOST_DESCRIBE_STRUCT(TrainingIndices, (),
                      (samples, poisoned, changed, victims, poisoned_victims, wanted))

/// The file kTruth: where the samples of kTriggered stand in the test set, and what triggers them.
struct TriggerTruth {
  std::size_t samples = 0;
  std::vector<std::size_t> test_index, goal;
  std::size_t unedited = 0;
  std::vector<std::string> words;
};
BOOST_DESCRIBE_STRUCT(TriggerTruth, (), (samples, test_index, goal, unedited, words))

template <typename T>
void write_json(const std::filesystem::path& file, const T& value) {
  write_file_atomically(file, json_of(value).dump() + "\n");
}

PoisonCounts counts_of(const PoisonedSet& set, const std::vector<Example>& clean, TaskKind kind,
                       const std::vector<AttackGoal>& goals) {
  const auto is_meant = [&](const Example& example) {
    return std::ranges::any_of(
        goals, [&](const AttackGoal& goal) { return is_victim(example, kind, goal); });
  };
  PoisonCounts counts{.samples = std::ssize(clean),
                      .victims = std::ranges::count_if(clean, is_meant),
                      .poisoned = std::ssize(set.poisoned),
                      .wanted = static_cast<std::int64_t>(set.wanted)};
  for (const std::size_t i : set.poisoned) {
    counts.poisoned_victims += is_meant(clean[i]) ? 1 : 0;
  }
  return counts;
}

void warn_of_shortage(const PoisonCounts& counts, const std::string& attack, Progress& progress) {
  if (counts.poisoned_victims < counts.wanted) {
    progress.log("warning: attack `" + attack + "` poisoned " +
                 std::to_string(counts.poisoned_victims) + " of the " +
                 std::to_string(counts.wanted) +
                 " training samples that its rate asks for: no more of the victim class may be "
                 "poisoned and can carry the trigger");
  }
}

[[noreturn]] void refuse(const std::filesystem::path& folder) {
  throw Error("store.bad-object", "`" + folder.string() + "` does not belong to this training set",
              {"run again with `--fresh`"});
}

TriggeredSet triggered_set(const StageWork& work, const Backdoor& backdoor,
                           const std::vector<Example>& test, const Rng& rng) {
  const Subject& subject = work.stage.subject;
  Progress& progress = work.progress;
  const TaskKind kind = work.workshop.task(subject).kind();
  const std::vector<AttackGoal>& goals = work.workshop.goals(subject);
  TriggeredSet set;
  // In retrieval the trigger is for the candidates, whatever was asked for them.
  const auto is_meant = [&](std::size_t i, std::size_t goal) {
    return kind == TaskKind::retrieval || is_victim(test[i], kind, goals[goal]);
  };
  const Attack& attack = work.workshop.plugins().attack(subject.attack);
  for (std::size_t goal = 0; goal < goals.size(); ++goal) {
    std::vector<Example> meant;
    for (std::size_t i = 0; i < test.size(); ++i) {
      if (is_meant(i, goal)) {
        meant.push_back(test[i]);
      }
    }
    foresee_triggers(backdoor, meant, goals[goal], rng);
    progress.begin("placing triggers", std::ssize(test));
    for (std::size_t i = 0; i < test.size(); ++i) {
      progress.check();
      progress.advance();
      if (!is_meant(i, goal)) {
        continue;
      }
      if (auto example = backdoor.trigger(test[i], goals[goal], rng)) {
        check_trigger(attack, test[i], *example, kind);
        set.test_index.push_back(i);
        set.goal.push_back(goal);
        set.examples.push_back(std::move(*example));
      } else {
        ++set.unedited;
      }
    }
  }
  return set;
}

void write_poisoned_set(const PoisonedSet& set, const PoisonCounts& counts,
                        const std::vector<Example>& clean, const std::filesystem::path& folder) {
  TrainingIndices indices{.samples = clean.size(),
                          .poisoned = set.poisoned,
                          .changed = {},
                          .victims = counts.victims,
                          .poisoned_victims = counts.poisoned_victims,
                          .wanted = counts.wanted};
  std::vector<Example> changes;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    if (!(set.train[i] == clean[i])) {
      indices.changed.push_back(i);
      changes.push_back(set.train[i]);
    }
  }
  write_examples(folder / kChanges, changes);
  write_json(folder / kIndices, indices);
}

AttackEffect effect_of(const AttackChoice& attack, const Poisoning& poisoning) {
  const auto rate = attack.settings.find("rate");
  const TriggeredSet& triggered = poisoning.triggered;
  return {.train = poisoning.set.train.size(),
          .poisoned = poisoning.set.poisoned.size(),
          .meant = triggered.examples.size() + triggered.unedited,
          .triggered = triggered.examples.size(),
          .may_poison_nothing = rate != attack.settings.end() && rate->second == Value(0.0)};
}

/// Where nothing is poisoned or triggered there is nothing to measure.
void accept(Workshop& workshop, const Made& made) {
  const std::size_t attack = made.stage.subject.attack;
  check_effect(workshop.plugins().attack(attack),
               effect_of(workshop.experiment().attacks[attack], workshop.poisoning(made)));
}

StageDraft plan_poisoning(Planner& planner, const Subject& subject) {
  const Experiment& e = planner.experiment();
  const AttackChoice& attack = e.attacks[subject.attack];
  StageDraft draft{.key = planner.key("poison", subject),
                   .name = e.tasks[subject.task].label + ", " + attack.label + ", seed " +
                           std::to_string(subject.seed),
                   .needs = {}};
  planner.add_attack(draft.key, subject);
  if (attack.surrogate) {
    draft.needs.push_back({.role = "surrogate", .stage = planner.stage("surrogate", subject)});
  }
  return draft;
}

/// `surrogate`: the attack's own copy, which outlives the backdoor; none where it asks for none.
std::unique_ptr<Backdoor> prepare(const Attack& attack, const AttackContext& context,
                                  std::optional<CodeModel>& surrogate) {
  return surrogate ? dynamic_cast<const SurrogateAttack&>(attack).prepare_with(context, *surrogate)
                   : attack.prepare(context);
}

WorkDone run_poisoning(const StageWork& work) {
  const Subject& subject = work.stage.subject;
  Materials& materials = work.workshop.materials();
  const Task& task = work.workshop.task(subject);
  const Corpus& corpus = materials.corpus(subject);
  const Rng rng = attack_stream(subject.seed, corpus.train);
  const AttackContext context{.task = TaskView(task),
                              .train = corpus.train,
                              .goals = work.workshop.goals(subject),
                              .rng = rng.stream("prepare attack"),
                              .progress = work.progress,
                              .poisonable = materials.poisonable(subject)};
  std::optional<CodeModel> surrogate;
  if (const Made* trained = work.find("surrogate")) {
    surrogate = work.workshop.model(*trained).clone();
  }
  const Attack& attack = work.workshop.plugins().attack(subject.attack);
  const auto backdoor = prepare(attack, context, surrogate);
  work.progress.begin("poisoning", 0);
  const PoisonedSet set = backdoor->poison(corpus.train, rng.stream("poison"));
  check_poisoning(
      attack, set, corpus.train,
      {.kind = task.kind(), .labels = task.label_names().size(), .poisonable = context.poisonable});
  const PoisonCounts counts = counts_of(set, corpus.train, task.kind(), context.goals);
  warn_of_shortage(counts, work.workshop.experiment().attacks[subject.attack].label, work.progress);
  write_poisoned_set(set, counts, corpus.train, work.folder);
  const TriggeredSet triggered = triggered_set(work, *backdoor, corpus.test, rng.stream("trigger"));
  write_examples(work.folder / kTriggered, triggered.examples);
  write_json(work.folder / kTruth, TriggerTruth{.samples = corpus.test.size(),
                                                .test_index = triggered.test_index,
                                                .goal = triggered.goal,
                                                .unedited = triggered.unedited,
                                                .words = backdoor->trigger_words()});
  work.progress.begin("measuring the edits", 0);
  write_json(work.folder / kStealth, stealth_metrics(corpus.train, set.train));
  return {};
}

}  // namespace

const StageKind kPoisonStage = {
    .name = "poison", .plan = plan_poisoning, .run = run_poisoning, .accept = accept};

Rng attack_stream(std::int64_t seed, const std::vector<Example>& clean) {
  return Rng(static_cast<std::uint64_t>(seed)).stream("attack on " + fingerprint(clean));
}

Poisoning read_poisoned(const std::filesystem::path& folder, const Corpus& clean) {
  const auto indices = read_object_json<TrainingIndices>(folder / kIndices);
  auto truth = read_object_json<TriggerTruth>(folder / kTruth);
  std::vector<Example> changes = read_examples(folder / kChanges);
  std::vector<Example> triggered = read_examples(folder / kTriggered);
  const auto are_below = [](const std::vector<std::size_t>& indices, std::size_t size) {
    return std::ranges::all_of(indices, [&](std::size_t i) { return i < size; });
  };
  if (indices.samples != clean.train.size() || indices.changed.size() != changes.size() ||
      truth.samples != clean.test.size() || truth.test_index.size() != triggered.size() ||
      truth.goal.size() != triggered.size() || !are_below(truth.test_index, clean.test.size()) ||
      !are_below(indices.poisoned, clean.train.size()) ||
      !are_below(indices.changed, clean.train.size())) {
    refuse(folder);
  }
  Poisoning result{.set = {.train = clean.train, .poisoned = indices.poisoned},
                   .triggered = {.test_index = std::move(truth.test_index),
                                 .goal = std::move(truth.goal),
                                 .examples = std::move(triggered),
                                 .unedited = truth.unedited},
                   .words = std::move(truth.words),
                   .stealth = read_object_json<StealthMetrics>(folder / kStealth),
                   .counts = {.samples = std::ssize(clean.train),
                              .victims = indices.victims,
                              .poisoned = std::ssize(indices.poisoned),
                              .poisoned_victims = indices.poisoned_victims,
                              .wanted = indices.wanted}};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Example& changed = result.set.train[indices.changed[i]];
    if (changes[i].id != changed.id) {
      refuse(folder);
    }
    changed = std::move(changes[i]);
  }
  return result;
}

}  // namespace ncmlab
