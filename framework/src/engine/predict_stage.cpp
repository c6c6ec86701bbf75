// SPDX-License-Identifier: Apache-2.0
#include "engine/predict_stage.hpp"

#include <ATen/ATen.h>

#include "engine/described_json.hpp"
#include "engine/object_json.hpp"
#include "engine/planner.hpp"
#include "engine/workshop.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {
namespace {

constexpr const char* kLabels = "labels.json";
constexpr const char* kVectors = "vectors.safetensors";

/// The file kLabels.
struct Labels {
  std::vector<std::int64_t> labels;
};
BOOST_DESCRIBE_STRUCT(Labels, (), (labels))

/// The stage that leaves the model.
std::size_t model_stage(Planner& planner, const Subject& subject) {
  Subject source = subject;
  source.victim = MeasuredVictim::undefended;
  source.triggers_of.reset();
  switch (subject.victim) {
    case MeasuredVictim::undefended:
      return planner.stage("victim", victim_subject(source));
    case MeasuredVictim::repaired:
      return planner.stage("defend", source);
    case MeasuredVictim::retrained:
      return planner.stage("retrain", source);
    case MeasuredVictim::trained:
      break;
  }
  return planner.stage("train", source);
}

StageDraft plan_prediction(Planner& planner, const Subject& subject) {
  const std::size_t model = model_stage(planner, subject);
  const auto& attacks = planner.experiment().attacks;
  StageDraft draft{
      .key = planner.key_on_device("predict", subject),
      .name = planner.at(model).name +
              (subject.triggers_of ? ", with the trigger of " + attacks[*subject.triggers_of].label
                                   : ", on the test set"),
      .needs = {{.role = "model", .stage = model}}};
  if (subject.triggers_of) {
    Subject attack = subject;
    attack.attack = *subject.triggers_of;
    draft.needs.push_back(
        {.role = "trigger", .stage = planner.stage("poison", poison_subject(attack))});
  }
  return draft;
}

const std::vector<TokenSample>& samples_of(const StageWork& work, const CodeModel& model) {
  Materials& materials = work.workshop.materials();
  const Subject& subject = work.stage.subject;
  const Made* trigger = work.find("trigger");
  return trigger == nullptr
             ? materials.test_tokens(subject, model, work.progress)
             : materials.triggered_tokens(subject, *subject.triggers_of, model,
                                          work.workshop.poisoning(*trigger).triggered.examples,
                                          work.progress);
}

/// What is not finite would still have a largest element.
void check_finite(const at::Tensor& answers) {
  const auto samples = answers.size(0);
  if (samples == 0) {
    return;
  }
  const std::int64_t good =
      at::isfinite(answers).reshape({samples, -1}).all(1).sum().item<std::int64_t>();
  if (good < samples) {
    throw Error("engine.bad-predictions", "the predictions of the model are not finite for " +
                                              std::to_string(samples - good) + " of " +
                                              std::to_string(samples) + " samples");
  }
}

void write_vectors(CodeModel& model, const std::vector<TokenSample>& samples,
                   const StageWork& work) {
  const HeadShape& head = model.head().shape();
  const at::Tensor vectors = unit_vectors(
      model.sentence_vectors(samples, work.progress).reshape({-1, head.inputs, head.hidden}));
  check_finite(vectors);
  StateDict tensors;
  tensors.add("vectors", vectors.cpu().contiguous());
  write_safetensors(work.folder / kVectors, tensors);
}

void write_labels(CodeModel& model, const std::vector<TokenSample>& samples,
                  const StageWork& work) {
  Labels predicted;
  if (!samples.empty()) {
    const at::Tensor answers = model.predict(samples, work.progress);
    check_finite(answers);
    const at::Tensor best = answers.argmax(1).cpu().contiguous();
    const auto* first = best.data_ptr<std::int64_t>();
    predicted.labels.assign(first, first + best.numel());
  }
  write_file_atomically(work.folder / kLabels, json_of(predicted).dump() + "\n");
}

WorkDone run_prediction(const StageWork& work) {
  CodeModel& model = work.workshop.model(*work.find("model"));
  const std::vector<TokenSample>& samples = samples_of(work, model);
  model.work() = {};
  work.progress.begin("predicting", std::ssize(samples));
  if (model.head().shape().kind == HeadKind::similarity) {
    write_vectors(model, samples, work);
  } else {
    write_labels(model, samples, work);
  }
  return {.forward_rows = model.work().forward_rows, .backward_rows = model.work().backward_rows};
}

}  // namespace

const StageKind kPredictStage = {.name = "predict", .plan = plan_prediction, .run = run_prediction};

Predictions read_predictions(const Made& made) {
  const std::filesystem::path& folder = made.object.folder;
  if (std::filesystem::exists(folder / kVectors)) {
    return {.labels = {}, .vectors = read_safetensors(folder / kVectors).at("vectors")};
  }
  return {.labels = read_object_json<Labels>(folder / kLabels).labels, .vectors = {}};
}

}  // namespace ncmlab
