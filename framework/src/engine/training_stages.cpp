// SPDX-License-Identifier: Apache-2.0
#include "engine/training_stages.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "engine/defend_stage.hpp"
#include "engine/planner.hpp"
#include "engine/promises.hpp"
#include "engine/validation.hpp"
#include "engine/workshop.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/number_text.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/train/trainer.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;

constexpr const char* kSurrogate = "surrogate";

/// Which model is made, and from which random numbers.
struct Recipe {
  const ModelChoice& choice;
  const Model& model;
  Rng rng;
};

Rng stream_of(const Subject& subject, std::string_view name) {
  return Rng(static_cast<std::uint64_t>(subject.seed)).stream(name);
}

Recipe recipe_of_victim(Workshop& workshop, const Subject& subject) {
  return {.choice = workshop.experiment().models[subject.model],
          .model = workshop.plugins().model(subject.model),
          .rng = stream_of(subject, "victim")};
}

Recipe surrogate_recipe(Workshop& workshop, const Subject& subject) {
  return {.choice = *workshop.experiment().attacks[subject.attack].surrogate,
          .model = workshop.plugins().surrogate(subject.attack),
          .rng = stream_of(subject, kSurrogate)};
}

Recipe recipe_of(Workshop& workshop, const Stage& stage) {
  return stage.kind() == kSurrogate ? surrogate_recipe(workshop, stage.subject)
                                    : recipe_of_victim(workshop, stage.subject);
}

ModelContext context_for(Workshop& workshop, const Subject& subject, const Recipe& recipe) {
  const Task& task = workshop.task(subject);
  return ModelContext{.rules = task.input_rules(),
                      .head = task.head_shape(),
                      .texts = {},
                      .rng = recipe.rng.stream("build")};
}

CodeModel build(Workshop& workshop, const Subject& subject, const Recipe& recipe,
                const std::vector<Example>& clean) {
  std::vector<std::string> sources;
  for (const Example& example : clean) {
    for (std::string& part : workshop.task(subject).parts(example)) {
      sources.push_back(std::move(part));
    }
  }
  ModelContext context = context_for(workshop, subject, recipe);
  context.texts.assign(sources.begin(), sources.end());
  CodeModel model = recipe.model.build(context);
  model.to(workshop.device());
  return model;
}

/// The training samples without those that are left out.
std::vector<TokenSample> samples_of(const StageWork& work, const CodeModel& model,
                                    const std::vector<Example>& train,
                                    const std::set<std::size_t>& left_out) {
  std::vector<TokenSample> all =
      work.workshop.materials().train_tokens(work.stage.subject, model, train, work.progress);
  std::vector<TokenSample> samples;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!left_out.contains(i)) {
      samples.push_back(std::move(all[i]));
    }
  }
  if (samples.empty()) {
    throw Error("engine.no-training-samples", "no training samples are left to train on");
  }
  return samples;
}

json to_object(const TrainingResult& result) {
  json epochs = json::array();
  for (const EpochRecord& epoch : result.epochs) {
    epochs.push_back({{"loss", epoch.loss}, {"accuracy", epoch.accuracy}});
    if (!epoch.validation.empty()) {
      epochs.back()["validation"] = epoch.validation;
    }
  }
  json object{{"epochs", std::move(epochs)}};
  if (!result.epochs.empty()) {
    object["kept_epoch"] = result.kept_epoch + 1;
  }
  return object;
}

/// Builds the stage's model and trains it on `train` without the samples in `left_out`.
WorkDone make(const StageWork& work, const std::vector<Example>& train_split,
              const std::set<std::size_t>& left_out) {
  const auto start = std::chrono::steady_clock::now();
  const Subject& subject = work.stage.subject;
  const Recipe recipe = recipe_of(work.workshop, work.stage);
  const TrainingOptions& options = recipe.choice.training;
  work.progress.begin("building the model", 0);
  work.workshop.drop_models();
  CodeModel model =
      build(work.workshop, subject, recipe, work.workshop.materials().corpus(subject).train);
  TrainingResult result;
  if (options.epochs > 0) {
    const auto samples = samples_of(work, model, train_split, left_out);
    const TrainingHooks hooks{
        .evaluate = validation(work.workshop, subject, options, model, work.progress),
        .report =
            [&](const EpochRecord& epoch, std::size_t index) {
              work.progress.log(epoch_line(epoch, index, options.epochs));
            },
        .state_folder = work.state};
    result = train(model, samples, options, recipe.rng.stream("train"), work.progress, hooks);
  }
  work.progress.check();
  check_weights(recipe.model, model, options.epochs > 0 ? "after training" : "before any training");
  model.save(work.folder / "checkpoint");
  write_file_atomically(work.folder / "training.json", to_object(result).dump() + "\n");
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return {.seconds = elapsed.count() + result.resumed_seconds,
          .forward_rows = model.work().forward_rows,
          .backward_rows = model.work().backward_rows};
}

StageDraft plan_surrogate(Planner& planner, const Subject& subject) {
  const Experiment& e = planner.experiment();
  const AttackChoice& attack = e.attacks[subject.attack];
  StageDraft draft{.key = planner.key_on_device(kSurrogate, subject),
                   .name = attack.surrogate->label + " for " + e.tasks[subject.task].label + ", " +
                           attack.label + ", seed " + std::to_string(subject.seed),
                   .needs = {}};
  planner.add_surrogate(draft.key, subject.attack);
  return draft;
}

WorkDone run_surrogate(const StageWork& work) {
  return make(work, work.workshop.training_set(work.stage.subject, nullptr), {});
}

StageDraft plan_victim(Planner& planner, const Subject& subject) {
  const Experiment& e = planner.experiment();
  const ModelChoice& model = e.models[subject.model];
  // What is not trained does not depend on the training set, so all attacks share it.
  const bool is_poisoned = planner.has_trigger(subject.attack) && model.training.epochs > 0;
  StageDraft draft{.key = planner.key_on_device("victim", subject),
                   .name = e.tasks[subject.task].label + ", " + model.label + ", " +
                           (is_poisoned ? e.attacks[subject.attack].label : "clean") + ", seed " +
                           std::to_string(subject.seed),
                   .needs = {}};
  planner.add_model(draft.key, subject.model);
  if (is_poisoned) {
    draft.needs.push_back(
        {.role = "poison", .stage = planner.stage("poison", poison_subject(subject))});
  }
  return draft;
}

WorkDone run_victim(const StageWork& work) {
  return make(work, work.workshop.training_set(work.stage.subject, work.find("poison")), {});
}

StageDraft plan_retraining(Planner& planner, const Subject& subject) {
  StageDraft draft{.key = planner.key_on_device("retrain", subject),
                   .name = cell_name(planner.experiment(), subject),
                   .needs = {}};
  if (planner.has_trigger(subject.attack)) {
    draft.needs.push_back(
        {.role = "poison", .stage = planner.stage("poison", poison_subject(subject))});
  }
  draft.needs.push_back({.role = "defend", .stage = planner.stage("defend", subject)});
  return draft;
}

WorkDone run_retraining(const StageWork& work) {
  const JudgedOutcome outcome = read_outcome(work.find("defend")->object.folder);
  return make(work, work.workshop.training_set(work.stage.subject, work.find("poison")),
              {outcome.flagged->begin(), outcome.flagged->end()});
}

}  // namespace

const StageKind kSurrogateStage = {
    .name = kSurrogate, .plan = plan_surrogate, .run = run_surrogate};
const StageKind kVictimStage = {.name = "victim", .plan = plan_victim, .run = run_victim};
const StageKind kRetrainStage = {.name = "retrain", .plan = plan_retraining, .run = run_retraining};

std::string epoch_line(const EpochRecord& epoch, std::size_t index, std::int64_t epochs) {
  const auto figure = [](const std::string& name, double value) {
    return name + " " + fixed_decimals(value, 4);
  };
  const std::string line = "epoch " + std::to_string(index + 1) + "/" + std::to_string(epochs) +
                           ": " + figure("loss", epoch.loss) + ", " +
                           figure("accuracy", epoch.accuracy);
  const std::string validation =
      joined(epoch.validation, ", ", [&](const auto& each) { return std::apply(figure, each); });
  return validation.empty() ? line : line + "; validation: " + validation;
}

VictimRecipe victim_recipe(const StageWork& work) {
  Workshop& workshop = work.workshop;
  const Subject& subject = work.stage.subject;
  const Recipe recipe = recipe_of_victim(workshop, subject);
  CodeModel model = build(workshop, subject, recipe, workshop.materials().corpus(subject).train);
  std::vector<TokenSample> samples = workshop.materials().train_tokens(
      subject, model, workshop.training_set(subject, work.find("poison")), work.progress);
  TrainingOptions options = recipe.choice.training;
  // What early stopping goes by, the validation split, is no defense's.
  options.early_stopping = 0;
  return {.options = options,
          .rng = recipe.rng.stream("train"),
          .model = std::move(model),
          .samples = std::move(samples)};
}

CodeModel train_victim(const StageWork& work, const std::vector<std::size_t>& kept) {
  VictimRecipe recipe = victim_recipe(work);
  std::vector<TokenSample> samples;
  for (const std::size_t place : kept) {
    samples.push_back(std::move(recipe.samples.at(place)));
  }
  if (recipe.options.epochs > 0 && !samples.empty()) {
    train(recipe.model, samples, recipe.options, recipe.rng, work.progress);
  }
  return std::move(recipe.model);
}

CodeModel read_model(Workshop& workshop, const Made& made) {
  const Subject& subject = made.stage.subject;
  const Recipe recipe = recipe_of(workshop, made.stage);
  CodeModel model =
      recipe.model.open(made.object.folder / "checkpoint", context_for(workshop, subject, recipe));
  model.to(workshop.device());
  return model;
}

CodeModel fresh_model(Workshop& workshop, const Subject& subject,
                      const std::vector<Example>& clean) {
  return build(workshop, subject, recipe_of_victim(workshop, subject), clean);
}

CodeModel untrained_model(Workshop& workshop, const Subject& subject) {
  Recipe recipe = recipe_of_victim(workshop, subject);
  recipe.rng = recipe.rng.stream("untrained");
  return build(workshop, subject, recipe, workshop.materials().corpus(subject).train);
}

}  // namespace ncmlab
