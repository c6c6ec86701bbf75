// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "engine/json_number.hpp"
#include "engine/stages.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/train/trainer.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;

Rng victim_stream(const Cell& cell) {
  return Rng(static_cast<std::uint64_t>(cell.seed)).stream("victim");
}

ModelContext context_for(const Plan& plan, const Cell& cell) {
  const Task& task = *plan.tasks[cell.task];
  return ModelContext{.rules = task.input_rules(),
                      .head = task.head_shape(),
                      .texts = {},
                      .rng = victim_stream(cell).stream("build")};
}

Victim build(const Plan& plan, const Cell& cell, const std::vector<Example>& clean) {
  std::vector<std::string> sources;
  for (const Example& example : clean) {
    for (std::string& part : plan.tasks[cell.task]->parts(example)) {
      sources.push_back(std::move(part));
    }
  }
  ModelContext context = context_for(plan, cell);
  context.texts.assign(sources.begin(), sources.end());
  return plan.models[cell.model]->build(context);
}

}  // namespace

WorkDone write_victim(const Plan& plan, const Cell& cell, Materials& materials,
                      const std::vector<Example>& train_split,
                      const std::set<std::size_t>& left_out, const std::filesystem::path& folder,
                      Progress& progress) {
  const TrainingOptions& options = plan.experiment.models[cell.model].training;
  progress.begin("building the model", 0);
  Victim victim = build(plan, cell, materials.corpus(cell).train);
  json epochs = json::array();
  if (options.epochs > 0) {
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
    for (const EpochRecord& epoch :
         train(victim, samples, options, victim_stream(cell).stream("train"), progress)) {
      epochs.push_back({{"loss", number_to_json(epoch.loss)}});
    }
  }
  progress.check();
  victim.save(folder / "checkpoint");
  write_file_atomically(folder / "training.json", json{{"epochs", epochs}}.dump() + "\n");
  return {.forward_rows = victim.work().forward_rows, .backward_rows = victim.work().backward_rows};
}

Victim read_victim(const Plan& plan, const Cell& cell, const std::filesystem::path& folder) {
  return plan.models[cell.model]->open(folder / "checkpoint", context_for(plan, cell));
}

}  // namespace ncmlab
