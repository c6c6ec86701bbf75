// SPDX-License-Identifier: Apache-2.0
#include "engine/workshop.hpp"

#include <algorithm>

#include "engine/training_stages.hpp"

namespace ncmlab {
namespace {

/// A victim and what became of it.
constexpr std::size_t kModelsInMemory = 2;

}  // namespace

Workshop::Workshop(const Plan& plan, const Catalogue& catalogue, Progress& progress)
    : plan_(plan),
      plugins_(plan.experiment, catalogue),
      materials_(plan.experiment, plugins_, progress),
      language_models_(plan.experiment.language_model) {}

const Poisoning& Workshop::poisoning(const Made& poison) {
  if (!poisoning_ || poisoning_->first != poison.stage.hash) {
    poisoning_.reset();
    poisoning_.emplace(poison.stage.hash, read_poisoned(poison.object.folder,
                                                        materials_.corpus(poison.stage.subject)));
  }
  return poisoning_->second;
}

const std::vector<Example>& Workshop::training_set(const Subject& subject, const Made* poison) {
  return poison == nullptr ? materials_.corpus(subject).train : poisoning(*poison).set.train;
}

CodeModel& Workshop::model(const Made& made) {
  const auto found =
      std::ranges::find(models_, made.stage.hash, &std::pair<std::string, CodeModel>::first);
  if (found != models_.end()) {
    models_.splice(models_.begin(), models_, found);
  } else {
    while (models_.size() >= kModelsInMemory) {
      models_.pop_back();
    }
    models_.emplace_front(made.stage.hash, read_model(*this, made));
  }
  return models_.front().second;
}

}  // namespace ncmlab
