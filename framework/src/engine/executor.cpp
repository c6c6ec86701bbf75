// SPDX-License-Identifier: Apache-2.0
#include "engine/executor.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <numeric>
#include <tuple>
#include <utility>

#include "engine/configuration.hpp"
#include "engine/doubts.hpp"
#include "engine/kept_predictions.hpp"
#include "engine/promises.hpp"
#include "engine/stages.hpp"
#include "engine/survey.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"

namespace ncmlab {
namespace {

constexpr const char* kRecord = "record.json";

class Executor {
 public:
  Executor(const Plan& plan, Store& store, RunProgress& progress)
      : plan_(plan), store_(store), progress_(progress), materials_(plan, progress) {}

  CellRecord run(const Cell& cell) {
    const Experiment& e = plan_.experiment;
    const TaskKind kind = plan_.tasks[cell.task]->kind();
    CellRecord record;
    if (!cell.supported) {
      record.skipped = "defense `" + e.defenses[cell.defense].plugin + "` does not support " +
                       std::string(to_string(kind)) + " tasks";
    } else {
      record = record_or_failure(cell);
    }
    record.kind = kind;
    record.limit = e.limit;
    record.key = stage(cell.measure).hash;
    record.task = e.tasks[cell.task].label;
    record.model = e.models[cell.model].label;
    record.attack = e.attacks[cell.attack].label;
    record.defense = e.defenses[cell.defense].label;
    record.seed = cell.seed;
    record.configuration = configuration_of(plan_, cell);
    return record;
  }

  /// What fails ends the command, which tells why.
  PoisonedCorpus poisoned(const Cell& cell) {
    tells_ = false;
    try {
      Poisoning result = poisoning(cell);
      return {.clean = materials_.corpus(cell), .poisoning = std::move(result)};
    } catch (const StageFailed& failure) {
      throw Error(failures_.causes()[failure.cause()].diagnostics);
    }
  }

  /// What failed so far.
  const std::vector<FailureCause>& causes() const { return failures_.causes(); }

 private:
  /// Runs `work`, which is no stage; what it throws is the failure of `what`.
  template <typename Work>
  auto require(const std::string& what, const std::string& title, const Work& work) {
    failures_.throw_if_failed(what);
    std::vector<Diagnostic> failure;
    try {
      return work();
    } catch (const StageFailed&) {
      throw;
    } catch (...) {
      failure = current_failure(progress_);
    }
    failures_.fail(what, title, std::move(failure),
                   [&](const std::string& text) { progress_.failed(text); });
  }

  /// All stages of a cell need its corpus: where it cannot be read, none is begun.
  void require_corpus(const Cell& cell) {
    require("corpus " + std::to_string(cell.task) + " " + std::to_string(cell.seed),
            "data of task `" + plan_.experiment.tasks[cell.task].label + "`",
            [&] { materials_.corpus(cell); });
  }

  /// Where nothing is poisoned or triggered there is nothing to measure: no victim is trained.
  void require_effect(const Cell& cell) {
    const Stage& poison = stage(*cell.poison);
    require("effect " + poison.hash, poison.title(), [&] {
      check_effect(*plan_.attacks[cell.attack],
                   effect_of(plan_.experiment.attacks[cell.attack], poisoning(cell)));
    });
  }

  CellRecord record_or_failure(const Cell& cell) {
    const Stage& measuring = stage(cell.measure);
    try {
      return require("cell " + measuring.hash, measuring.title(), [&] { return record_of(cell); });
    } catch (const StageFailed& failed) {
      failures_.count_cell(failed.cause());
      CellRecord record;
      record.failure = failed.what();
      return record;
    }
  }

  using Body = std::function<WorkDone(const std::filesystem::path& folder)>;

  const Stage& stage(std::size_t index) const { return plan_.stages[index]; }

  std::optional<StoredObject> look_up(const Stage& stage) {
    failures_.throw_if_failed(stage.hash);
    return store_.open(stage.key, [&](std::string_view line) { progress_.log(line); });
  }

  /// The stage's stored object, made by `body` if there is none. A `body` that returns no seconds
  /// has them measured.
  StoredObject ensure(const Stage& stage, const Body& body) {
    if (auto object = look_up(stage)) {
      return *std::move(object);
    }
    progress_.check();
    progress_.stage_begins(stage);
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    std::vector<Diagnostic> failure;
    try {
      FolderDraft draft = store_.begin(stage.key);
      WorkDone work = body(draft.folder());
      work.seconds = work.seconds > 0 ? work.seconds : elapsed();
      StoredObject object = store_.commit(stage.key, stage.name, std::move(draft), work);
      progress_.stage_ends(stage, elapsed(), "");
      return object;
    } catch (const StageFailed& earlier) {
      progress_.stage_ends(stage, elapsed(), stage.title() + ": a stage that it needs failed");
      failures_.fail_after(stage.hash, earlier);
    } catch (...) {
      failure = current_failure(progress_);
    }
    failures_.fail(stage.hash, stage.title(), std::move(failure), [&](const std::string& text) {
      progress_.stage_ends(stage, elapsed(), tells_ ? text : stage.title());
    });
  }

  std::optional<StoredObject> ensure_poison(const Cell& cell) {
    if (!cell.poison) {
      return std::nullopt;
    }
    if (auto object = look_up(stage(*cell.poison))) {
      return object;
    }
    std::optional<Victim> surrogate = ensure_surrogate(cell);
    return ensure(stage(*cell.poison), [&](const std::filesystem::path& folder) {
      write_poisoned(plan_, cell, materials_, surrogate ? &*surrogate : nullptr, folder, progress_);
      return WorkDone{};
    });
  }

  /// The model that the cell's attack asks for, if any.
  std::optional<Victim> ensure_surrogate(const Cell& cell) {
    if (!cell.surrogate) {
      return std::nullopt;
    }
    const Stage& training = stage(*cell.surrogate);
    const StoredObject object = ensure(training, [&](const std::filesystem::path& folder) {
      return write_surrogate(plan_, cell, materials_,
                             {.result = folder, .state = store_.work_folder(training.key)},
                             progress_);
    });
    return read_surrogate(plan_, cell, object.folder);
  }

  /// What the cell's attack leaves of the corpus, and the ground truth.
  const Poisoning& poisoning(const Cell& cell) {
    const std::string hash =
        cell.poison ? stage(*cell.poison).hash
                    : "clean " + std::to_string(cell.task) + " " + std::to_string(cell.seed);
    if (poisoning_.first != hash) {
      const Corpus& clean = materials_.corpus(cell);
      const auto poison = ensure_poison(cell);
      poisoning_.second = poison ? read_poisoned(poison->folder, clean)
                                 : Poisoning{.set = {.train = clean.train, .poisoned = {}},
                                             .triggered = {},
                                             .words = {},
                                             .stealth = {}};
      poisoning_.first = hash;
    }
    return poisoning_.second;
  }

  /// A victim that is trained without the samples in `left_out`.
  StoredObject ensure_trained(const Cell& cell, const Stage& stage,
                              const std::set<std::size_t>& left_out) {
    if (auto object = look_up(stage)) {
      return *std::move(object);
    }
    const std::vector<Example>& train = poisoning(cell).set.train;
    return ensure(stage, [&](const std::filesystem::path& folder) {
      return write_victim(plan_, cell, materials_, train, left_out,
                          {.result = folder, .state = store_.work_folder(stage.key)}, progress_);
    });
  }

  StoredObject ensure_victim(const Cell& cell) {
    return ensure_trained(cell, stage(cell.victim), {});
  }

  /// Always read back from the store, so that a resumed run sees the very same victim.
  Victim& undefended(const Cell& cell) {
    const StoredObject object = ensure_victim(cell);
    const std::string& hash = stage(cell.victim).hash;
    if (!undefended_ || undefended_->first != hash) {
      undefended_.reset();
      undefended_.emplace(hash, read_victim(plan_, cell, object.folder));
    }
    return undefended_->second;
  }

  StoredObject ensure_defense(const Cell& cell) {
    if (auto object = look_up(stage(cell.defend))) {
      return *std::move(object);
    }
    const Victim& victim = undefended(cell);
    StoredObject object = ensure(stage(cell.defend), [&](const std::filesystem::path& folder) {
      return write_defense(plan_, cell, materials_, victim, poisoning(cell).set.train, folder,
                           progress_);
    });
    if (may_retrain(plan_, cell) &&
        measured_victim(read_outcome(object.folder)) != MeasuredVictim::retrained) {
      progress_.stage_dropped(stage(cell.retrain));
    }
    return object;
  }

  StoredObject ensure_retrained(const Cell& cell, const DefenseOutcome& outcome) {
    return ensure_trained(cell, stage(cell.retrain),
                          {outcome.suspicious->begin(), outcome.suspicious->end()});
  }

  CellRecord record_of(const Cell& cell) {
    std::optional<StoredObject> object = look_up(stage(cell.measure));
    const bool is_new = !object;
    if (is_new) {
      require_corpus(cell);
      object = ensure_measured(cell);
    }
    const std::filesystem::path file = object->folder / kRecord;
    CellRecord record = record_from_json(read_file(file), file.string());
    record.costs.push_back(cost("measure", *object));
    if (is_new) {
      record.defense = plan_.experiment.defenses[cell.defense].label;
      for (const std::string& doubt : doubts(record)) {
        progress_.log("warning: " + stage(cell.measure).name + ": " + doubt);
      }
    }
    return record;
  }

  StoredObject ensure_measured(const Cell& cell) {
    std::vector<StageCost> costs;
    if (const auto poison = ensure_poison(cell)) {
      add_cost(costs, cell.surrogate);
      costs.push_back(cost("poison", *poison));
      require_effect(cell);
    }
    const StoredObject defend = ensure_defense(cell);
    const DefenseOutcome outcome = read_outcome(defend.folder);
    const MeasuredVictim measured = measured_victim(outcome);
    if (measured == MeasuredVictim::undefended) {
      undefended(cell);
    }
    add_cost(costs, cell.victim);
    costs.push_back(cost("defend", defend));
    if (measured == MeasuredVictim::undefended) {
      return ensure_measured_on(cell, outcome, undefended(cell), costs);
    }
    std::filesystem::path folder = defend.folder;
    if (measured == MeasuredVictim::retrained) {
      const StoredObject retrained = ensure_retrained(cell, outcome);
      costs.push_back(cost("retrain", retrained));
      folder = retrained.folder;
    }
    Victim victim = read_victim(plan_, cell, folder);
    return ensure_measured_on(cell, outcome, victim, costs);
  }

  StoredObject ensure_measured_on(const Cell& cell, const DefenseOutcome& outcome, Victim& victim,
                                  const std::vector<StageCost>& costs) {
    KeptPredictions own;  // no other cell is measured on a defense's copy
    const bool is_shared = undefended_ && &victim == &undefended_->second;
    KeptPredictions& kept = is_shared ? predictions_ : own;
    const std::string& hash = stage(cell.victim).hash;
    return ensure(stage(cell.measure), [&](const std::filesystem::path& folder) {
      const Predictions& clean = kept.get(hash, "clean", [&] {
        return predict(victim, materials_.test_tokens(cell, victim, progress_), progress_);
      });
      WorkDone work = clean.work;
      std::optional<Predictions> triggered;
      if (cell.poison) {
        triggered = kept.get(hash, "attack " + std::to_string(cell.attack), [&] {
          const auto& examples = poisoning(cell).triggered.examples;
          return predict(victim, materials_.triggered_tokens(cell, victim, examples, progress_),
                         progress_);
        });
        work.seconds += triggered->work.seconds;
        work.forward_rows += triggered->work.forward_rows;
      }
      CellRecord record = measure(plan_, cell, materials_,
                                  {.outcome = outcome,
                                   .victim = victim,
                                   .poisoning = poisoning(cell),
                                   .clean = clean,
                                   .triggered = triggered});
      record.costs = costs;
      record.threads = at::get_num_threads();
      write_file_atomically(folder / kRecord, to_json(record));
      return work;
    });
  }

  /// The cost of a stage if there is one and the store holds it.
  void add_cost(std::vector<StageCost>& costs, const std::optional<std::size_t>& index) {
    const auto object = index ? look_up(stage(*index)) : std::nullopt;
    if (object) {
      costs.push_back(cost(stage(*index).key.stage(), *object));
    }
  }

  static StageCost cost(std::string name, const StoredObject& object) {
    return {.stage = std::move(name),
            .seconds = object.work.seconds,
            .forward_rows = object.work.forward_rows,
            .backward_rows = object.work.backward_rows};
  }

  const Plan& plan_;
  Store& store_;
  RunProgress& progress_;
  Materials materials_;
  Failures failures_;
  bool tells_ = true;
  std::pair<std::string, Poisoning> poisoning_;
  std::optional<std::pair<std::string, Victim>> undefended_;
  KeptPredictions predictions_;
};

/// Cells of one seed, task and victim together, so that each corpus and victim is read once.
std::vector<std::size_t> order_of_work(const Plan& plan) {
  const auto& seeds = plan.experiment.seeds;
  const auto rank = [&](std::size_t i) {
    const Cell& cell = plan.cells[i];
    return std::tuple(std::ranges::find(seeds, cell.seed) - seeds.begin(), cell.task, cell.model,
                      cell.attack, cell.defense);
  };
  std::vector<std::size_t> order(plan.cells.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, rank);
  return order;
}

}  // namespace

RunResult run_plan(const Plan& plan, Store& store, const std::filesystem::path& folder,
                   RunProgress& progress) {
  progress.run_begins(size_of(plan, survey(plan, store)));
  Executor executor(plan, store, progress);
  RunResult result{.records = std::vector<CellRecord>(plan.cells.size())};
  for (const std::size_t i : order_of_work(plan)) {
    progress.check();
    CellRecord record = executor.run(plan.cells[i]);
    write_record(folder, record);
    result.failed += record.failure.empty() ? 0 : 1;
    result.records[i] = std::move(record);
  }
  progress.run_ends();
  result.causes = executor.causes();
  return result;
}

PoisonedCorpus poison_corpus(const Plan& plan, const Cell& cell, Store& store,
                             RunProgress& progress) {
  return Executor(plan, store, progress).poisoned(cell);
}

void forget_plan(const Plan& plan, Store& store) {
  for (const Stage& stage : plan.stages) {
    store.remove(stage.key);
  }
}

}  // namespace ncmlab
