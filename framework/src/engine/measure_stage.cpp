// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "engine/stages.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

/// The token's text without the blanks and underscores around it.
std::string core_of(const Tokenizer& tokenizer, std::int64_t id) {
  constexpr std::string_view kJoints = " \t\r\n_";
  const std::string text = tokenizer.decode({id});
  const std::size_t begin = text.find_first_not_of(kJoints);
  return begin == std::string::npos
             ? std::string()
             : text.substr(begin, text.find_last_not_of(kJoints) - begin + 1);
}

/// Numbers for token texts, so that texts can be compared as ids.
class TextNumbers {
 public:
  explicit TextNumbers(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  std::vector<std::int64_t> of(const std::vector<std::int64_t>& ids) {
    std::vector<std::int64_t> result;
    for (const std::int64_t id : ids) {
      const std::string text = tokenizer_.is_special(id) ? "" : core_of(tokenizer_, id);
      if (!text.empty()) {
        result.push_back(numbers_.try_emplace(text, std::ssize(numbers_)).first->second);
      }
    }
    return result;
  }

 private:
  const Tokenizer& tokenizer_;
  std::map<std::string, std::int64_t> numbers_;
};

double f1(const RecoveryMetrics& metrics) {
  const double sum = metrics.precision + metrics.recall;
  return sum == 0 ? 0 : 2 * metrics.precision * metrics.recall / sum;
}

DetectionMetrics detection(const std::vector<std::size_t>& flagged,
                           const std::vector<std::size_t>& poisoned, std::size_t train_size) {
  std::vector<std::size_t> hits;
  std::ranges::set_intersection(flagged, poisoned, std::back_inserter(hits));
  return {.flagged = std::ssize(flagged),
          .poisoned = std::ssize(poisoned),
          .hits = std::ssize(hits),
          .clean = static_cast<std::int64_t>(train_size - poisoned.size())};
}

void measure_classification(const Plan& plan, const Cell& cell, const Corpus& corpus,
                            const Measurement& measurement, CellRecord& record) {
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; i < corpus.test.size(); ++i) {
    const Example& example = corpus.test[i];
    labels.push_back(example.label);
    record.outcomes.push_back({.id = example.id,
                               .label = example.label,
                               .prediction = measurement.clean.labels.at(i),
                               .triggered = {}});
  }
  record.clean = classification_metrics(measurement.clean.labels, labels,
                                        plan.tasks[cell.task]->positive_label());
  if (!measurement.triggered) {
    return;
  }
  const TriggeredSet& set = measurement.poisoning.triggered;
  std::vector<TriggeredOutcome> outcomes;
  for (std::size_t i = 0; i < set.test_index.size(); ++i) {
    const AttackGoal& goal = plan.goals[cell.task][cell.attack].at(set.goal[i]);
    const std::int64_t prediction = measurement.triggered->labels.at(i);
    SampleOutcome& sample = record.outcomes.at(set.test_index[i]);
    sample.triggered.push_back({.target_label = goal.target_label, .prediction = prediction});
    outcomes.push_back({.victim_label = goal.victim_label,
                        .target_label = goal.target_label,
                        .clean_prediction = sample.prediction,
                        .triggered_prediction = prediction});
  }
  record.attack_metrics = attack_metrics(outcomes);
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

}  // namespace

Predictions predict(Victim& victim, const std::vector<TokenSample>& samples, Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  victim.work() = {};
  Predictions result;
  progress.begin("predicting", std::ssize(samples));
  const HeadShape& head = victim.head().shape();
  if (head.kind == HeadKind::similarity) {
    result.vectors = unit_vectors(
        victim.sentence_vectors(samples, progress).reshape({-1, head.inputs, head.hidden}));
    check_finite(result.vectors);
  } else if (!samples.empty()) {
    const at::Tensor answers = victim.predict(samples, progress);
    check_finite(answers);
    const at::Tensor best = answers.argmax(1).contiguous();
    const auto* labels = best.data_ptr<std::int64_t>();
    result.labels.assign(labels, labels + best.numel());
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  result.work = {.seconds = elapsed.count(),
                 .forward_rows = victim.work().forward_rows,
                 .backward_rows = victim.work().backward_rows};
  return result;
}

std::optional<RecoveryMetrics> recovery(const std::vector<InvertedTrigger>& triggers,
                                        const std::vector<std::string>& words,
                                        const Tokenizer& tokenizer) {
  if (triggers.empty() || words.empty()) {
    return std::nullopt;
  }
  TextNumbers numbers(tokenizer);
  const std::vector<std::int64_t> recovered = numbers.of(triggers.front().ids);

  RecoveryMetrics best;
  const auto consider = [&](const std::vector<std::int64_t>& truth) {
    const RecoveryMetrics metrics = recovery_metrics(recovered, truth);
    if (f1(metrics) > f1(best)) {
      best = metrics;
    }
  };
  for (const char* before : {"", " ", "_"}) {
    std::vector<std::int64_t> together;
    for (const std::string& word : words) {
      const std::vector<std::int64_t> truth = numbers.of(tokenizer.encode(before + word));
      together.insert(together.end(), truth.begin(), truth.end());
      consider(truth);
    }
    consider(together);
  }
  return best;
}

CellRecord measure(const Plan& plan, const Cell& cell, Materials& materials,
                   const Measurement& measurement) {
  const Corpus& corpus = materials.corpus(cell);
  const DefenseOutcome& outcome = measurement.outcome;
  CellRecord record;
  record.kind = plan.tasks[cell.task]->kind();
  if (record.kind == TaskKind::retrieval) {
    measure_retrieval(plan, cell, corpus, measurement, record);
  } else {
    measure_classification(plan, cell, corpus, measurement, record);
  }
  if (measurement.triggered) {
    record.recovery =
        recovery(outcome.triggers, measurement.poisoning.words, measurement.victim.tokenizer());
  }
  for (const InvertedTrigger& trigger : outcome.triggers) {
    record.triggers.push_back({.victim_label = trigger.victim_label,
                               .target_label = trigger.target_label,
                               .text = trigger.text,
                               .ids = trigger.ids,
                               .loss = trigger.loss,
                               .hit_rate = trigger.hit_rate});
  }
  if (outcome.suspicious) {
    record.detection =
        detection(*outcome.suspicious, measurement.poisoning.set.poisoned, corpus.train.size());
  }
  if (cell.poison) {
    record.stealth = measurement.poisoning.stealth;
    if (plan.experiment.models[cell.model].training.epochs > 0) {
      record.poisoning = measurement.poisoning.counts;
    }
  }
  record.clean_from = to_string(plan.experiment.clean_from);
  record.backdoored = outcome.backdoored;
  record.figures.insert(outcome.figures.begin(), outcome.figures.end());
  return record;
}

}  // namespace ncmlab
