// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/promises.hpp"
#include "engine/stages.hpp"
#include "engine/validation.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/train/trainer.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;

/// Which model is made, and from which random numbers.
struct Recipe {
  const ModelChoice& choice;
  const Model& model;
  Rng rng;
};

Rng stream_of(const Cell& cell, std::string_view name) {
  return Rng(static_cast<std::uint64_t>(cell.seed)).stream(name);
}

Recipe victim_recipe(const Plan& plan, const Cell& cell) {
  return {.choice = plan.experiment.models[cell.model],
          .model = *plan.models[cell.model],
          .rng = stream_of(cell, "victim")};
}

Recipe surrogate_recipe(const Plan& plan, const Cell& cell) {
  return {.choice = *plan.experiment.attacks[cell.attack].surrogate,
          .model = *plan.surrogates[cell.attack],
          .rng = stream_of(cell, "surrogate")};
}

ModelContext context_for(const Plan& plan, const Cell& cell, const Recipe& recipe) {
  const Task& task = *plan.tasks[cell.task];
  return ModelContext{.rules = task.input_rules(),
                      .head = task.head_shape(),
                      .texts = {},
                      .rng = recipe.rng.stream("build")};
}

Victim build(const Plan& plan, const Cell& cell, const Recipe& recipe,
             const std::vector<Example>& clean) {
  std::vector<std::string> sources;
  for (const Example& example : clean) {
    for (std::string& part : plan.tasks[cell.task]->parts(example)) {
      sources.push_back(std::move(part));
    }
  }
  ModelContext context = context_for(plan, cell, recipe);
  context.texts.assign(sources.begin(), sources.end());
  Victim victim = recipe.model.build(context);
  victim.to(plan.device);
  return victim;
}

Victim open(const Plan& plan, const Cell& cell, const Recipe& recipe,
            const std::filesystem::path& folder) {
  Victim victim = recipe.model.open(folder / "checkpoint", context_for(plan, cell, recipe));
  victim.to(plan.device);
  return victim;
}

/// The training samples of the cell without those that are left out.
std::vector<TokenSample> samples_of(const Cell& cell, Materials& materials, const Victim& victim,
                                    const std::vector<Example>& train_split,
                                    const std::set<std::size_t>& left_out, Progress& progress) {
  std::vector<TokenSample> all = materials.train_tokens(cell, victim, train_split, progress);
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

/// `epoch 2/5: loss 0.5123, accuracy 0.7312; validation: accuracy 0.6900, f1 0.6612`
std::string epoch_line(const EpochRecord& epoch, std::size_t index, std::int64_t epochs) {
  char text[96];
  std::snprintf(text, sizeof text, "epoch %zu/%lld: loss %.4f, accuracy %.4f", index + 1,
                static_cast<long long>(epochs), epoch.loss, epoch.accuracy);
  std::string line = text;
  for (const auto& [name, value] : epoch.validation) {
    std::snprintf(text, sizeof text, " %.4f", value);
    line += (name == epoch.validation.begin()->first ? "; validation: " : ", ") + name + text;
  }
  return line;
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

WorkDone make(const Plan& plan, const Cell& cell, const Recipe& recipe, Materials& materials,
              const std::vector<Example>& train_split, const std::set<std::size_t>& left_out,
              const VictimFolders& folders, Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  const TrainingOptions& options = recipe.choice.training;
  progress.begin("building the model", 0);
  Victim victim = build(plan, cell, recipe, materials.corpus(cell).train);
  TrainingResult result;
  if (options.epochs > 0) {
    const auto samples = samples_of(cell, materials, victim, train_split, left_out, progress);
    const TrainingHooks hooks{
        .evaluate = validation(plan, cell, options, materials, victim, progress),
        .report =
            [&](const EpochRecord& epoch, std::size_t index) {
              progress.log(epoch_line(epoch, index, options.epochs));
            },
        .state_folder = folders.state};
    result = train(victim, samples, options, recipe.rng.stream("train"), progress, hooks);
  }
  progress.check();
  check_weights(recipe.model, victim,
                options.epochs > 0 ? "after training" : "before any training");
  victim.save(folders.result / "checkpoint");
  write_file_atomically(folders.result / "training.json", to_object(result).dump() + "\n");
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return {.seconds = elapsed.count() + result.resumed_seconds,
          .forward_rows = victim.work().forward_rows,
          .backward_rows = victim.work().backward_rows};
}

}  // namespace

Victim fresh_victim(const Plan& plan, const Cell& cell, const std::vector<Example>& clean) {
  return build(plan, cell, victim_recipe(plan, cell), clean);
}

WorkDone write_victim(const Plan& plan, const Cell& cell, Materials& materials,
                      const std::vector<Example>& train_split,
                      const std::set<std::size_t>& left_out, const VictimFolders& folders,
                      Progress& progress) {
  return make(plan, cell, victim_recipe(plan, cell), materials, train_split, left_out, folders,
              progress);
}

Victim read_victim(const Plan& plan, const Cell& cell, const std::filesystem::path& folder) {
  return open(plan, cell, victim_recipe(plan, cell), folder);
}

WorkDone write_surrogate(const Plan& plan, const Cell& cell, Materials& materials,
                         const VictimFolders& folders, Progress& progress) {
  return make(plan, cell, surrogate_recipe(plan, cell), materials, materials.corpus(cell).train, {},
              folders, progress);
}

Victim read_surrogate(const Plan& plan, const Cell& cell, const std::filesystem::path& folder) {
  return open(plan, cell, surrogate_recipe(plan, cell), folder);
}

}  // namespace ncmlab
