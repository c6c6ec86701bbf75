// SPDX-License-Identifier: Apache-2.0
#include "engine/defended_training_stage.hpp"

#include <chrono>
#include <memory>

#include "engine/defend_stage.hpp"
#include "engine/described_json.hpp"
#include "engine/object_json.hpp"
#include "engine/planner.hpp"
#include "engine/promises.hpp"
#include "engine/training_stages.hpp"
#include "engine/workshop.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/plugin/training_defense.hpp"
#include "ncmlab/train/sample_losses.hpp"

namespace ncmlab {
namespace {

constexpr const char* kReport = "training.json";

/// A phase that is over, in `training.json` and, until the last is, beside the phase's weights.
struct PhaseReport {
  std::string name;
  std::size_t samples = 0;
  std::vector<double> losses;                        ///< by epoch
  std::int64_t forward_rows = 0, backward_rows = 0;  ///< up to its end
  double seconds = 0;                                ///< up to its end
};
BOOST_DESCRIBE_STRUCT(PhaseReport, (),
                      (name, samples, losses, forward_rows, backward_rows, seconds))

struct TrainingReport {
  std::vector<PhaseReport> phases;
  std::map<std::string, double> figures;
};
BOOST_DESCRIBE_STRUCT(TrainingReport, (), (phases, figures))

/// A training under a defense, phase by phase. What is kept in `state` while it lasts: `N.json` and
/// the checkpoint `N` of each phase that is over, and the state of the one at work.
class PhasedTraining {
 public:
  PhasedTraining(const StageWork& work, const TrainingDefense& defense)
      : work_(work),
        defense_(defense),
        progress_(work.progress),
        recipe_(victim_recipe(work)),
        start_(std::chrono::steady_clock::now()) {}

  /// Leaves the trained model in model().
  TrainingReport run() {
    const DefenseContext given = defense_context(work_, recipe_.model, progress_);
    const DefendedTrainingContext context{.task = given.task,
                                          .training_set = given.training_set,
                                          .clean_samples = given.clean_samples,
                                          .options = recipe_.options,
                                          .rng = given.rng};
    const std::unique_ptr<DefendedTraining> training = defense_.begin(context);
    while (auto phase = training->next([this] { return losses(); })) {
      check_phase(defense_, *phase, recipe_.samples.size());
      if (!restore()) {
        finish(*phase, run_phase(*training, *phase));
      }
    }
    report_.figures = training->figures();
    return report_;
  }

  CodeModel& model() { return recipe_.model; }
  WorkDone done() {
    return {.seconds = seconds(),
            .forward_rows = recipe_.model.work().forward_rows,
            .backward_rows = recipe_.model.work().backward_rows};
  }

 private:
  double seconds() const {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    return restored_seconds_ + elapsed.count();
  }

  std::filesystem::path place(std::size_t phase) const {
    return work_.state / ("phase-" + std::to_string(phase));
  }

  std::vector<double> losses() { return sample_losses(recipe_.model, recipe_.samples, progress_); }

  TrainingResult run_phase(const DefendedTraining& training, const TrainingPhase& phase) {
    std::vector<TokenSample> samples;
    for (const std::size_t index : phase.samples) {
      samples.push_back(recipe_.samples[index]);
    }
    const TrainingHooks hooks{
        .losses =
            [&](const at::Tensor& logits, const at::Tensor& labels, BatchPlace batch) {
              for (std::size_t& index : batch.samples) {
                index = phase.samples[index];
              }
              return training.losses(recipe_.model.head(), logits, labels, batch);
            },
        .report =
            [&](const EpochRecord& epoch, std::size_t index) {
              work_.progress.log(phase.name + ", " +
                                 epoch_line(epoch, index, phase.options.epochs));
            },
        .state_folder = place(report_.phases.size())};
    return train(recipe_.model, samples, phase.options,
                 recipe_.rng.stream("phase", report_.phases.size()), work_.progress, hooks);
  }

  /// Takes over the next phase if it is over already.
  bool restore() {
    const std::filesystem::path folder = place(report_.phases.size());
    if (!std::filesystem::exists(folder / kReport)) {
      return false;
    }
    const auto report = read_object_json<PhaseReport>(folder / kReport);
    recipe_.model.load_weights(folder);
    recipe_.model.work() = {.forward_rows = report.forward_rows,
                            .backward_rows = report.backward_rows};
    restored_seconds_ = report.seconds;
    start_ = std::chrono::steady_clock::now();
    report_.phases.push_back(report);
    return true;
  }

  void finish(const TrainingPhase& phase, const TrainingResult& result) {
    restored_seconds_ += result.resumed_seconds;
    PhaseReport report{.name = phase.name,
                       .samples = phase.samples.size(),
                       .losses = {},
                       .forward_rows = recipe_.model.work().forward_rows,
                       .backward_rows = recipe_.model.work().backward_rows,
                       .seconds = seconds()};
    for (const EpochRecord& epoch : result.epochs) {
      report.losses.push_back(epoch.loss);
    }
    // The report last: it says that the weights are whole.
    const std::filesystem::path folder = place(report_.phases.size());
    std::filesystem::remove_all(folder);
    recipe_.model.save(folder);
    write_file_atomically(folder / kReport, json_of(report).dump() + "\n");
    report_.phases.push_back(std::move(report));
  }

  const StageWork& work_;
  const TrainingDefense& defense_;
  DefenseProgress progress_;
  VictimRecipe recipe_;
  std::chrono::steady_clock::time_point start_;
  double restored_seconds_ = 0;
  TrainingReport report_;
};

StageDraft plan_training(Planner& planner, const Subject& subject) {
  StageDraft draft = defense_draft(planner, "train", subject);
  planner.add_model(draft.key, subject.model);
  return draft;
}

WorkDone run_training(const StageWork& work) {
  work.progress.begin("building the model", 0);
  work.workshop.drop_models();
  const auto& defense = dynamic_cast<const TrainingDefense&>(
      work.workshop.plugins().defense(work.stage.subject.defense));
  PhasedTraining training(work, defense);
  const TrainingReport report = training.run();
  work.progress.check();
  check_weights(defense, training.model(), "after its training");
  training.model().save(work.folder / "checkpoint");
  write_file_atomically(work.folder / kReport, json_of(report).dump() + "\n");
  return training.done();
}

}  // namespace

const StageKind kDefendedTrainingStage = {
    .name = "train", .plan = plan_training, .run = run_training};

std::map<std::string, double> read_training_figures(const Made& made) {
  return read_object_json<TrainingReport>(made.object.folder / kReport).figures;
}

}  // namespace ncmlab
