// SPDX-License-Identifier: Apache-2.0
#include "engine/executor.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "engine/configuration.hpp"
#include "engine/doubts.hpp"
#include "engine/early_checks.hpp"
#include "engine/measure_stage.hpp"
#include "engine/possible_stages.hpp"
#include "engine/stage_kind.hpp"
#include "engine/survey.hpp"
#include "engine/workshop.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

class Executor {
 public:
  Executor(const Plan& plan, const Catalogue& catalogue, Store& store, RunProgress& progress)
      : plan_(plan), store_(store), progress_(progress), workshop_(plan, catalogue, progress) {}

  /// Tells the progress what is ahead.
  void begin() {
    const std::vector<StageSurvey> surveys = survey(plan_, store_);
    progress_.run_begins(size_of(plan_, surveys));
    possible_.emplace(plan_, surveys);
    check_language_models(workshop_, unmeasured(), progress_);
  }

  CellRecord run(const Cell& cell) {
    const Experiment& e = plan_.experiment;
    const Subject& subject = cell.subject;
    CellRecord record;
    if (!cell.skipped.empty()) {
      record.skipped = cell.skipped;
    } else {
      record = record_or_failure(cell);
    }
    record.kind = cell.kind;
    record.limit = e.limit;
    record.key = plan_.stages[cell.measure].hash;
    record.task = e.tasks[subject.task].label;
    record.model = e.models[subject.model].label;
    record.attack = e.attacks[subject.attack].label;
    record.defense = e.defenses[subject.defense].label;
    record.seed = subject.seed;
    record.configuration = configuration_of(plan_, cell);
    return record;
  }

  /// What fails ends the command, which tells why.
  PoisonedCorpus poisoned(const Cell& cell) {
    tells_ = false;
    try {
      const std::size_t poison = stage_of(plan_, cell, kPoisonStage.name).value();
      const Made made{.stage = plan_.stages[poison], .object = ensure(poison)};
      return {.clean = workshop_.materials().corpus(cell.subject),
              .poisoning = workshop_.poisoning(made)};
    } catch (const StageFailed& failure) {
      throw Error(failures_.causes()[failure.cause()].diagnostics);
    }
  }

  /// What failed so far.
  const std::vector<FailureCause>& causes() const { return failures_.causes(); }

 private:
  std::vector<Cell> unmeasured() const {
    std::vector<Cell> cells;
    std::ranges::copy_if(plan_.cells, std::back_inserter(cells), [&](const Cell& cell) {
      return !store_.peek(plan_.stages[cell.measure].key);
    });
    return cells;
  }

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
  void require_corpus(const Subject& subject) {
    require("corpus " + std::to_string(subject.task) + " " + std::to_string(subject.seed),
            "data of task `" + plan_.experiment.tasks[subject.task].label + "`",
            [&] { workshop_.materials().corpus(subject); });
  }

  CellRecord record_or_failure(const Cell& cell) {
    const Stage& measuring = plan_.stages[cell.measure];
    try {
      return require("cell " + measuring.hash, measuring.title(), [&] { return record_of(cell); });
    } catch (const StageFailed& failed) {
      failures_.count_cell(failed.cause());
      CellRecord record;
      record.failure = failed.what();
      return record;
    }
  }

  CellRecord record_of(const Cell& cell) {
    const bool is_new = !look_up(plan_.stages[cell.measure]);
    if (is_new) {
      require_corpus(cell.subject);
    }
    const StoredObject object = ensure(cell.measure);
    CellRecord record = read_record(object.folder);
    record.costs.push_back({.stage = plan_.stages[cell.measure].kind(),
                            .seconds = object.work.seconds,
                            .forward_rows = object.work.forward_rows,
                            .backward_rows = object.work.backward_rows});
    if (is_new) {
      record.defense = plan_.experiment.defenses[cell.subject.defense].label;
      for (const std::string& doubt : doubts(record)) {
        progress_.log("warning: " + plan_.stages[cell.measure].name + ": " + doubt);
      }
    }
    return record;
  }

  std::optional<StoredObject> look_up(const Stage& stage) {
    failures_.throw_if_failed(stage.hash);
    return store_.open(stage.key, [&](std::string_view line) { progress_.log(line); });
  }

  /// The stage's stored object, made if there is none.
  StoredObject ensure(std::size_t index) {
    const Stage& stage = plan_.stages[index];
    if (auto object = look_up(stage)) {
      return *std::move(object);
    }
    try {
      StoredObject object = make(stage, needs_of(stage));
      if (stage_kind(stage.kind()).outcome != nullptr) {
        drop_others(index, outcome_in(index, object));
      }
      return object;
    } catch (const StageFailed&) {
      drop_others(index, "");
      throw;
    }
  }

  /// What other outcomes would have needed is not run; nothing follows from a stage that failed.
  void drop_others(std::size_t index, const std::string& outcome) {
    if (possible_) {
      for (const std::size_t dropped : possible_->rule_out(index, outcome)) {
        progress_.stage_dropped(plan_.stages[dropped]);
      }
    }
  }

  Needs needs_of(const Stage& stage) {
    Needs needs;
    for (const Edge& edge : stage.needs) {
      if (!edge.when ||
          outcome_in(edge.when->stage, ensure(edge.when->stage)) == edge.when->outcome) {
        needs.emplace(edge.role, accepted(edge.stage));
      }
    }
    return needs;
  }

  std::string outcome_in(std::size_t index, const StoredObject& object) const {
    return stage_kind(plan_.stages[index].kind()).outcome(object.folder);
  }

  /// A need of another stage.
  Made accepted(std::size_t index) {
    const Stage& stage = plan_.stages[index];
    Made made{.stage = stage, .object = ensure(index)};
    if (const auto accept = stage_kind(stage.kind()).accept) {
      require("use of " + stage.hash, stage.title(), [&] { accept(workshop_, made); });
    }
    return made;
  }

  StoredObject make(const Stage& stage, const Needs& needs) {
    progress_.check();
    progress_.stage_begins(stage);
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    std::vector<Diagnostic> failure;
    try {
      FolderDraft draft = store_.begin(stage.key);
      WorkDone work = stage_kind(stage.kind())
                          .run({.stage = stage,
                                .needs = needs,
                                .folder = draft.folder(),
                                .state = store_.work_folder(stage.key),
                                .workshop = workshop_,
                                .progress = progress_,
                                .costs = [&] { return costs_of(stage); }});
      work.seconds = work.seconds > 0 ? work.seconds : elapsed();
      StoredObject object = store_.commit(stage.key, stage.name, std::move(draft), work);
      progress_.stage_ends(stage, elapsed(), "");
      return object;
    } catch (...) {
      failure = current_failure(progress_);
    }
    failures_.fail(stage.hash, stage.title(), std::move(failure), [&](const std::string& text) {
      progress_.stage_ends(stage, elapsed(), tells_ ? text : stage.title());
    });
  }

  /// What the stages took that a stage's object comes from, those of a kind together.
  std::vector<StageCost> costs_of(const Stage& stage) {
    std::map<std::size_t, StoredObject> objects;
    collect_needs(stage, objects);
    std::vector<StageCost> costs;
    for (const StageKind& kind : stage_kinds()) {
      StageCost cost{.stage = std::string(kind.name)};
      bool is_there = false;
      for (const auto& [index, object] : objects) {
        if (plan_.stages[index].kind() == kind.name) {
          is_there = true;
          cost.seconds += object.work.seconds;
          cost.forward_rows += object.work.forward_rows;
          cost.backward_rows += object.work.backward_rows;
        }
      }
      if (is_there) {
        costs.push_back(std::move(cost));
      }
    }
    return costs;
  }

  void collect_needs(const Stage& stage, std::map<std::size_t, StoredObject>& objects) {
    for (const Edge& edge : stage.needs) {
      const auto decides = edge.when ? objects.find(edge.when->stage) : objects.end();
      const bool is_open =
          !edge.when || (decides != objects.end() &&
                         outcome_in(edge.when->stage, decides->second) == edge.when->outcome);
      if (!is_open || edge.is_control || objects.contains(edge.stage)) {
        continue;
      }
      // What is gone from the store had its share in objects that are there.
      if (auto object = store_.peek(plan_.stages[edge.stage].key)) {
        objects.emplace(edge.stage, *std::move(object));
        collect_needs(plan_.stages[edge.stage], objects);
      }
    }
  }

  const Plan& plan_;
  Store& store_;
  RunProgress& progress_;
  Workshop workshop_;
  Failures failures_;
  std::optional<PossibleStages> possible_;
  bool tells_ = true;
};

/// Cells of one seed, task and victim together, so that each corpus and victim is read once.
std::vector<std::size_t> order_of_work(const Plan& plan) {
  const auto& seeds = plan.experiment.seeds;
  const auto rank = [&](std::size_t i) {
    const Subject& subject = plan.cells[i].subject;
    return std::tuple(std::ranges::find(seeds, subject.seed) - seeds.begin(), subject.task,
                      subject.model, subject.attack, subject.defense);
  };
  std::vector<std::size_t> order(plan.cells.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, rank);
  return order;
}

}  // namespace

RunResult run_plan(const Plan& plan, const Catalogue& catalogue, Store& store,
                   const std::filesystem::path& folder, RunProgress& progress) {
  Executor executor(plan, catalogue, store, progress);
  executor.begin();
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

PoisonedCorpus poison_corpus(const Plan& plan, const Catalogue& catalogue, const Cell& cell,
                             Store& store, RunProgress& progress) {
  return Executor(plan, catalogue, store, progress).poisoned(cell);
}

void forget_plan(const Plan& plan, Store& store) {
  for (const Stage& stage : plan.stages) {
    store.remove(stage.key);
  }
}

}  // namespace ncmlab
