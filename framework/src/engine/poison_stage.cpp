// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/json_number.hpp"
#include "engine/promises.hpp"
#include "engine/record_stealth.hpp"
#include "engine/stages.hpp"
#include "loader/guarded.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/data/json_lines.hpp"
#include "ncmlab/plugin/surrogate_attack.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;

constexpr const char* kIndices = "poisoned.json";
constexpr const char* kChanges = "changes.jsonl";
constexpr const char* kTruth = "triggered.json";
constexpr const char* kTriggered = "triggered.jsonl";
constexpr const char* kStealth = "stealth.json";

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

TriggeredSet triggered_set(const Plan& plan, const Cell& cell, const Backdoor& backdoor,
                           const std::vector<Example>& test, const Rng& rng, Progress& progress) {
  const TaskKind kind = plan.tasks[cell.task]->kind();
  const std::vector<AttackGoal>& goals = plan.goals[cell.task][cell.attack];
  TriggeredSet set;
  // In retrieval the trigger is for the candidates, whatever was asked for them.
  const auto is_meant = [&](std::size_t i, std::size_t goal) {
    return kind == TaskKind::retrieval || is_victim(test[i], kind, goals[goal]);
  };
  const Attack& attack = *plan.attacks[cell.attack];
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
  std::vector<std::size_t> changed;
  std::vector<Example> changes;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    if (!(set.train[i] == clean[i])) {
      changed.push_back(i);
      changes.push_back(set.train[i]);
    }
  }
  write_examples(folder / kChanges, changes);
  write_file_atomically(folder / kIndices, json{{"samples", clean.size()},
                                                {"poisoned", set.poisoned},
                                                {"changed", changed},
                                                {"victims", counts.victims},
                                                {"poisoned_victims", counts.poisoned_victims},
                                                {"wanted", counts.wanted}}
                                                   .dump() +
                                               "\n");
}

}  // namespace

AttackEffect effect_of(const AttackChoice& attack, const Poisoning& poisoning) {
  const auto rate = attack.settings.find("rate");
  const TriggeredSet& triggered = poisoning.triggered;
  return {.train = poisoning.set.train.size(),
          .poisoned = poisoning.set.poisoned.size(),
          .meant = triggered.examples.size() + triggered.unedited,
          .triggered = triggered.examples.size(),
          .may_poison_nothing = rate != attack.settings.end() && rate->second == Value(0.0)};
}

Rng attack_stream(std::int64_t seed, const std::vector<Example>& clean) {
  return Rng(static_cast<std::uint64_t>(seed)).stream("attack on " + fingerprint(clean));
}

void write_poisoned(const Plan& plan, const Cell& cell, Materials& materials, Victim* surrogate,
                    const std::filesystem::path& folder, Progress& progress) {
  const Corpus& corpus = materials.corpus(cell);
  const Rng rng = attack_stream(cell.seed, corpus.train);
  const AttackContext context{.task = TaskView(*plan.tasks[cell.task]),
                              .train = corpus.train,
                              .goals = plan.goals[cell.task][cell.attack],
                              .rng = rng.stream("prepare attack"),
                              .progress = progress,
                              .poisonable = materials.poisonable(cell)};
  const Attack& attack = *plan.attacks[cell.attack];
  const auto* with_surrogate = dynamic_cast<const SurrogateAttack*>(&attack);
  const auto backdoor = with_surrogate != nullptr && surrogate != nullptr
                            ? with_surrogate->prepare_with(context, *surrogate)
                            : attack.prepare(context);
  progress.begin("poisoning", 0);
  const PoisonedSet set = backdoor->poison(corpus.train, rng.stream("poison"));
  check_poisoning(attack, set, corpus.train,
                  {.kind = plan.tasks[cell.task]->kind(),
                   .labels = plan.tasks[cell.task]->label_names().size(),
                   .poisonable = context.poisonable});
  const PoisonCounts counts =
      counts_of(set, corpus.train, plan.tasks[cell.task]->kind(), context.goals);
  warn_of_shortage(counts, plan.experiment.attacks[cell.attack].label, progress);
  write_poisoned_set(set, counts, corpus.train, folder);
  const TriggeredSet triggered =
      triggered_set(plan, cell, *backdoor, corpus.test, rng.stream("trigger"), progress);
  write_examples(folder / kTriggered, triggered.examples);
  write_file_atomically(folder / kTruth, json{{"samples", corpus.test.size()},
                                              {"test_index", triggered.test_index},
                                              {"goal", triggered.goal},
                                              {"unedited", triggered.unedited},
                                              {"words", backdoor->trigger_words()}}
                                                 .dump() +
                                             "\n");
  progress.begin("measuring the edits", 0);
  write_file_atomically(folder / kStealth,
                        to_object(stealth_metrics(corpus.train, set.train)).dump() + "\n");
}

Poisoning read_poisoned(const std::filesystem::path& folder, const Corpus& clean) try {
  const json indices = json::parse(read_file(folder / kIndices));
  const auto changed = indices.at("changed").get<std::vector<std::size_t>>();
  std::vector<Example> changes = read_examples(folder / kChanges);
  const json truth = json::parse(read_file(folder / kTruth));
  if (indices.at("samples") != clean.train.size() || changed.size() != changes.size() ||
      truth.at("samples") != clean.test.size()) {
    refuse(folder);
  }
  Poisoning result{
      .set = {.train = clean.train,
              .poisoned = indices.at("poisoned").get<std::vector<std::size_t>>()},
      .triggered = {.test_index = truth.at("test_index").get<std::vector<std::size_t>>(),
                    .goal = truth.at("goal").get<std::vector<std::size_t>>(),
                    .examples = read_examples(folder / kTriggered),
                    .unedited = truth.at("unedited").get<std::size_t>()},
      .words = truth.at("words").get<std::vector<std::string>>(),
      .stealth = stealth_from(json::parse(read_file(folder / kStealth))),
      .counts = {.samples = integer_from_json(indices.at("samples")),
                 .victims = integer_from_json(indices.at("victims")),
                 .poisoned = std::ssize(indices.at("poisoned")),
                 .poisoned_victims = integer_from_json(indices.at("poisoned_victims")),
                 .wanted = integer_from_json(indices.at("wanted"))}};
  const auto are_below = [](const std::vector<std::size_t>& indices, std::size_t size) {
    return std::ranges::all_of(indices, [&](std::size_t i) { return i < size; });
  };
  if (result.triggered.test_index.size() != result.triggered.examples.size() ||
      result.triggered.goal.size() != result.triggered.examples.size() ||
      !are_below(result.triggered.test_index, clean.test.size()) ||
      !are_below(result.set.poisoned, clean.train.size())) {
    refuse(folder);
  }
  for (std::size_t i = 0; i < changed.size(); ++i) {
    if (changed[i] >= clean.train.size() || changes[i].id != clean.train[changed[i]].id) {
      refuse(folder);
    }
    result.set.train[changed[i]] = std::move(changes[i]);
  }
  return result;
} catch (const json::exception& error) {
  throw Error("store.bad-object", "`" + folder.string() + "` is damaged: " + error.what(),
              {"run again with `--fresh`"});
}

}  // namespace ncmlab
