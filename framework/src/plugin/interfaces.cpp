// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/input_defense.hpp"
#include "ncmlab/plugin/model.hpp"
#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/task.hpp"
#include "ncmlab/plugin/training_defense.hpp"

namespace ncmlab {

// Out of line, so that all libraries share one typeinfo per interface.
Plugin::~Plugin() = default;
Model::~Model() = default;

std::vector<std::string> Model::check(const ModelContext&) const {
  data_fingerprint();
  return {};
}

Task::~Task() = default;

Corpus Task::peek(std::int64_t) const {
  data_fingerprint();
  return {};
}

Attack::~Attack() = default;
Backdoor::~Backdoor() = default;
Defense::~Defense() = default;
ModelDefense::~ModelDefense() = default;
DataDefense::~DataDefense() = default;
TrainingDefense::~TrainingDefense() = default;
InputDefense::~InputDefense() = default;
DefendedTraining::~DefendedTraining() = default;
InputFilter::~InputFilter() = default;

at::Tensor DefendedTraining::losses(const Head& head, const at::Tensor& logits,
                                    const at::Tensor& labels, const BatchPlace&) const {
  return head.losses(logits, labels);
}

std::optional<std::vector<Example>> InputFilter::cleaned(const std::vector<Example>&, double,
                                                         Progress&) {
  return std::nullopt;
}

namespace {

TokenSample tokenize_parts(const Task& task, const CodeModel& model, const Example& example,
                           bool with_ranges) {
  TokenSample sample;
  sample.label = example.label;
  for (const std::string& source : task.parts(example)) {
    const std::size_t part = sample.parts.size();
    sample.parts.push_back(with_ranges ? model.tokenize_with_ranges(source, part)
                                       : model.tokenize(source, part));
  }
  return sample;
}

}  // namespace

TokenSample TaskView::tokenize(const CodeModel& model, const Example& example) const {
  return tokenize_parts(*task_, model, example, false);
}

TokenSample TaskView::tokenize_with_ranges(const CodeModel& model, const Example& example) const {
  return tokenize_parts(*task_, model, example, true);
}

std::vector<TokenSample> TaskView::tokenize(const CodeModel& model,
                                            const std::vector<Example>& examples) const {
  std::vector<TokenSample> samples;
  samples.reserve(examples.size());
  for (const Example& example : examples) {
    samples.push_back(tokenize(model, example));
  }
  return samples;
}

}  // namespace ncmlab
