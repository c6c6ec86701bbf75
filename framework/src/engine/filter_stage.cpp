// SPDX-License-Identifier: Apache-2.0
#include "engine/filter_stage.hpp"

#include <ATen/ATen.h>

#include <memory>
#include <numeric>
#include <optional>

#include "engine/defend_stage.hpp"
#include "engine/described_json.hpp"
#include "engine/object_json.hpp"
#include "engine/planner.hpp"
#include "engine/promises.hpp"
#include "engine/workshop.hpp"
#include "loader/guarded.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/metrics/detection.hpp"
#include "ncmlab/plugin/input_defense.hpp"

namespace ncmlab {

BOOST_DESCRIBE_STRUCT(FilteredSamples, (), (scores, answers))
BOOST_DESCRIBE_STRUCT(FilterReport, (), (false_rejection_rate, threshold, clean, test, triggered))

namespace {

constexpr const char* kReport = "filter.json";

/// A filter at work.
struct FilterWork {
  const Defense& defense;
  InputFilter& filter;
  const TaskView& task;
  CodeModel& victim;
  double threshold = 0;
  Progress& progress;
};

std::vector<double> checked_scores(const FilterWork& work, const std::vector<Example>& samples,
                                   const char* what) {
  work.progress.begin(what, std::ssize(samples));
  std::vector<double> scores = work.filter.scores(samples, work.progress);
  check_scores(work.defense, scores, samples.size());
  return scores;
}

std::vector<std::int64_t> answers_to(const FilterWork& work, const std::vector<Example>& samples) {
  const at::Tensor best =
      work.victim.predict(work.task.tokenize(work.victim, samples), work.progress)
          .argmax(1)
          .cpu()
          .contiguous();
  const auto* first = best.data_ptr<std::int64_t>();
  return {first, first + best.numel()};
}

/// A sample as a stranger asks it: `number` is all that it is called by.
Example asked(Example example, std::size_t number) {
  example.id = "input-" + std::to_string(number);
  example.label = 0;
  return example;
}

std::vector<Example> asked(std::vector<Example> samples) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = asked(std::move(samples[i]), i + 1);
  }
  return samples;
}

/// The samples as strangers ask them: without labels and in an order that does not tell where they
/// come from.
class Strangers {
 public:
  Strangers(const std::vector<Example>& test, const std::vector<Example>& triggered, Rng rng)
      : test_size_(test.size()), order_(test.size() + triggered.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    rng.shuffle(order_);
    for (const std::size_t i : order_) {
      samples_.push_back(
          asked(i < test_size_ ? test[i] : triggered[i - test_size_], samples_.size() + 1));
    }
  }

  const std::vector<Example>& samples() const { return samples_; }

  /// The results for the samples, back where these come from.
  void part(const FilteredSamples& together, double threshold, FilterReport& report) const {
    std::vector<std::optional<std::int64_t>> answers(order_.size());
    std::vector<double> scores(order_.size());
    std::size_t flagged = 0;
    for (std::size_t place = 0; place < order_.size(); ++place) {
      scores[order_[place]] = together.scores[place];
      if (together.scores[place] > threshold) {
        answers[order_[place]] = together.answers[flagged++];
      }
    }
    for (std::size_t i = 0; i < order_.size(); ++i) {
      FilteredSamples& samples = i < test_size_ ? report.test : report.triggered;
      samples.scores.push_back(scores[i]);
      if (answers[i]) {
        samples.answers.push_back(*answers[i]);
      }
    }
  }

 private:
  std::size_t test_size_;
  std::vector<std::size_t> order_;
  std::vector<Example> samples_;
};

FilteredSamples judge(const FilterWork& work, const std::vector<Example>& samples) {
  FilteredSamples result{.scores = checked_scores(work, samples, "judging inputs"), .answers = {}};
  std::vector<Example> flagged;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (result.scores[i] > work.threshold) {
      flagged.push_back(samples[i]);
    }
  }
  if (flagged.empty()) {
    return result;
  }
  const auto cleaned = work.filter.cleaned(flagged, work.threshold, work.progress);
  if (!cleaned) {
    result.answers.assign(flagged.size(), FilteredSamples::kRejected);
    return result;
  }
  if (cleaned->size() != flagged.size()) {
    throw blame(work.defense, "engine.bad-outcome",
                "returned " + std::to_string(cleaned->size()) + " cleaned samples of " +
                    std::to_string(flagged.size()));
  }
  result.answers = answers_to(work, *cleaned);
  return result;
}

StageDraft plan_filter(Planner& planner, const Subject& subject) {
  StageDraft draft = defense_draft(planner, "filter", subject);
  draft.needs.push_back(
      {.role = "victim", .stage = planner.stage("victim", victim_subject(subject))});
  return draft;
}

WorkDone run_filter(const StageWork& work) {
  const Subject& subject = work.stage.subject;
  Workshop& workshop = work.workshop;
  const auto& defense =
      dynamic_cast<const InputDefense&>(workshop.plugins().defense(subject.defense));
  CodeModel copy = workshop.model(*work.find("victim")).clone();
  copy.work() = {};
  DefenseProgress progress(work.progress);
  DefenseContext context = defense_context(work, copy, progress);
  const std::vector<Example> clean = asked(workshop.materials().threshold_samples(subject));
  if (clean.empty()) {
    throw Error("defense.no-clean-samples",
                "there are no clean samples to set the threshold of a filter on",
                {"raise `clean_share` of the experiment"});
  }
  const std::unique_ptr<InputFilter> filter = defense.fit(context);
  FilterWork at{.defense = defense,
                .filter = *filter,
                .task = context.task,
                .victim = copy,
                .progress = progress};
  FilterReport report{.false_rejection_rate = defense.false_rejection_rate(),
                      .clean = checked_scores(at, clean, "judging clean samples"),
                      .test = {},
                      .triggered = {}};
  report.threshold = at.threshold =
      defense.threshold().value_or(threshold_for(report.clean, report.false_rejection_rate));
  static const std::vector<Example> kNone;
  const Made* poison = work.find("poison");
  const Strangers strangers(
      workshop.materials().corpus(subject).test,
      poison == nullptr ? kNone : workshop.poisoning(*poison).triggered.examples,
      Rng(static_cast<std::uint64_t>(subject.seed)).stream("inputs"));
  strangers.part(judge(at, strangers.samples()), report.threshold, report);
  progress.check();
  write_file_atomically(work.folder / kReport, json_of(report).dump() + "\n");
  return {.forward_rows = copy.work().forward_rows, .backward_rows = copy.work().backward_rows};
}

}  // namespace

const StageKind kFilterStage = {.name = "filter", .plan = plan_filter, .run = run_filter};

FilterReport read_filter(const Made& made) {
  return read_object_json<FilterReport>(made.object.folder / kReport);
}

std::vector<std::int64_t> filtered(std::vector<std::int64_t> labels, const FilteredSamples& samples,
                                   double threshold) {
  std::size_t flagged = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (samples.scores.at(i) > threshold) {
      labels[i] = samples.answers.at(flagged++);
    }
  }
  return labels;
}

}  // namespace ncmlab
