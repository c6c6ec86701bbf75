// SPDX-License-Identifier: Apache-2.0
#include "report/metric.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace ncmlab {
namespace {

using Value = std::optional<Measured>;

Value share(double value, std::int64_t n) {
  return n > 0 ? Value(Measured{value, n}) : std::nullopt;
}

Value accuracy(const CellRecord& r) { return share(r.clean.accuracy, r.clean.count); }
Value f1(const CellRecord& r) { return share(r.clean.f1, r.clean.count); }
Value precision(const CellRecord& r) { return share(r.clean.precision, r.clean.count); }
Value recall(const CellRecord& r) { return share(r.clean.recall, r.clean.count); }

Value success_rate(const CellRecord& r) {
  return r.attack_metrics ? share(r.attack_metrics->attack_success_rate, r.attack_metrics->count)
                          : std::nullopt;
}

Value natural_rate(const CellRecord& r) {
  return r.attack_metrics ? share(r.attack_metrics->natural_rate, r.attack_metrics->count)
                          : std::nullopt;
}

Value flip_rate(const CellRecord& r) {
  return r.attack_metrics ? share(r.attack_metrics->flip_rate, r.attack_metrics->flip_count)
                          : std::nullopt;
}

Value fixed_flip_rate(const CellRecord& r) {
  return r.attack_metrics
             ? share(r.attack_metrics->fixed_flip_rate, r.attack_metrics->fixed_flip_count)
             : std::nullopt;
}

Value transfer_rate(const CellRecord& r) {
  return r.attack_metrics && r.attack_metrics->transfer_rate
             ? share(*r.attack_metrics->transfer_rate, r.attack_metrics->count)
             : std::nullopt;
}

Value transfer_natural_rate(const CellRecord& r) {
  return r.attack_metrics && r.attack_metrics->transfer_natural_rate
             ? share(*r.attack_metrics->transfer_natural_rate, r.attack_metrics->count)
             : std::nullopt;
}

Value carriers(const CellRecord& r) {
  return r.reach && r.reach->meant > 0
             ? share(static_cast<double>(r.reach->carriers) / static_cast<double>(r.reach->meant),
                     r.reach->meant)
             : std::nullopt;
}

Value transfer_anr(const CellRecord& r) {
  return r.transfer ? share(r.transfer->anr, r.transfer->count) : std::nullopt;
}

Value mrr(const CellRecord& r) {
  return r.retrieval ? share(r.retrieval->mrr, r.retrieval->count) : std::nullopt;
}

Value mrr_untouched(const CellRecord& r) {
  return r.untouched ? share(r.untouched->mrr, r.untouched->count) : std::nullopt;
}

template <std::int64_t k>
Value recall_at(const CellRecord& r) {
  return r.retrieval ? share(r.retrieval->recall.at(k), r.retrieval->count) : std::nullopt;
}

Value anr(const CellRecord& r) {
  return r.promotion ? share(r.promotion->anr, r.promotion->count) : std::nullopt;
}

Value natural_anr(const CellRecord& r) {
  return r.promotion ? share(r.promotion->natural_anr, r.promotion->count) : std::nullopt;
}

template <std::int64_t k>
Value success_at(const CellRecord& r) {
  return r.promotion ? share(r.promotion->success.at(k), r.promotion->count) : std::nullopt;
}

Value natural_at_10(const CellRecord& r) {
  return r.promotion ? share(r.promotion->natural.at(10), r.promotion->count) : std::nullopt;
}

Value trigger_precision(const CellRecord& r) {
  return r.recovery ? Value(Measured{r.recovery->precision, std::nullopt}) : std::nullopt;
}

Value trigger_recall(const CellRecord& r) {
  return r.recovery ? Value(Measured{r.recovery->recall, std::nullopt}) : std::nullopt;
}

Value detection_precision(const CellRecord& r) {
  return r.detection ? share(r.detection->precision(), r.detection->flagged) : std::nullopt;
}

Value detection_recall(const CellRecord& r) {
  return r.detection ? share(r.detection->recall(), r.detection->poisoned) : std::nullopt;
}

Value detection_false_positives(const CellRecord& r) {
  return r.detection ? share(r.detection->false_positive_rate(), r.detection->clean) : std::nullopt;
}

Value detection_auroc(const CellRecord& r) {
  return r.detection && r.detection->auroc ? share(*r.detection->auroc, r.detection->poisoned)
                                           : std::nullopt;
}

Value filter_auroc(const CellRecord& r) {
  return r.filter && r.filter->auroc ? share(*r.filter->auroc, r.filter->triggered) : std::nullopt;
}

template <std::int64_t percent>
Value filter_detected(const CellRecord& r) {
  return r.filter && r.filter->auroc ? share(r.filter->detected.at(percent), r.filter->triggered)
                                     : std::nullopt;
}

Value filter_flagged(const CellRecord& r) {
  return r.filter && r.filter->flagged_triggered
             ? share(*r.filter->flagged_triggered, r.filter->triggered)
             : std::nullopt;
}

Value filter_false_rejections(const CellRecord& r) {
  return r.filter ? share(r.filter->flagged_clean, r.filter->clean) : std::nullopt;
}

Value edits_that_parse(const CellRecord& r) {
  return r.stealth ? share(r.stealth->parse_rate, r.stealth->edits) : std::nullopt;
}

Value edited_tokens(const CellRecord& r) {
  return r.stealth ? share(r.stealth->token_edits, r.stealth->edits) : std::nullopt;
}

Value without_count(const std::optional<double>& value) {
  return value ? Value(Measured{*value, std::nullopt}) : std::nullopt;
}

Value new_names(const CellRecord& r) {
  return r.stealth ? without_count(r.stealth->new_names) : std::nullopt;
}

Value old_names(const CellRecord& r) {
  return r.stealth ? without_count(r.stealth->old_names) : std::nullopt;
}

// The defense's own work: running it and, if it flags samples, training again without them. One
// that takes part in the victim's training did all of that.
const std::set<std::string_view> kDefenseStages = {"defend", "retrain", "train", "filter"};

template <typename Field>
Value defense_cost(const CellRecord& record, Field field) {
  if (record.defense == "none") {
    return std::nullopt;
  }
  Value result;
  for (const StageCost& cost : record.costs) {
    if (kDefenseStages.contains(cost.stage)) {
      result = Measured{(result ? result->value : 0) + static_cast<double>(cost.*field), {}};
    }
  }
  return result;
}

Value seconds(const CellRecord& r) { return defense_cost(r, &StageCost::seconds); }
Value forward_rows(const CellRecord& r) { return defense_cost(r, &StageCost::forward_rows); }

}  // namespace

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> all = {
      {.id = "accuracy",
       .title = "acc %",
       .proportion = true,
       .good = Good::both,
       .measure = accuracy,
       .always = Always::classifiers,
       .difference = {"acc diff", 3,
                      "diff: change against defense none with the same seed, in points."}},
      {.id = "f1",
       .title = "F1 %",
       .good = Good::both,
       .measure = f1,
       .rank = 4,
       .always = Always::classifiers},
      {.id = "precision",
       .title = "precision %",
       .measure = precision,
       .rank = 5,
       .of_pairs_only = true},
      {.id = "recall", .title = "recall %", .measure = recall, .rank = 5, .of_pairs_only = true},
      {.id = "mrr",
       .title = "MRR %",
       .good = Good::both,
       .measure = mrr,
       .meaning = "MRR: mean reciprocal rank of each query's own code; R@k: the share with a rank "
                  "<= k.",
       .always = Always::searches,
       .difference = {"MRR diff", 3}},
      {.id = "mrr_untouched",
       .title = "untouched MRR %",
       .good = Good::both,
       .measure = mrr_untouched,
       .rank = 4,
       .meaning = "untouched: the queries without the attack's target word."},
      {.id = "recall_1",
       .title = "R@1 %",
       .proportion = true,
       .good = Good::both,
       .measure = recall_at<1>,
       .rank = 6},
      {.id = "recall_5",
       .title = "R@5 %",
       .proportion = true,
       .good = Good::both,
       .measure = recall_at<5>,
       .rank = 6},
      {.id = "recall_10",
       .title = "R@10 %",
       .proportion = true,
       .good = Good::both,
       .measure = recall_at<10>,
       .rank = 5},
      {.id = "anr",
       .title = "ANR %",
       .good = Good::defender,
       .measure = anr,
       .meaning = "ANR: for each query with the target word a candidate that starts at half of the "
                  "pool gets the trigger; the mean of its rank over the pool. natural: without the "
                  "trigger.",
       .always = Always::attacked_searches,
       .difference = {"ANR diff", 2}},
      {.id = "natural_anr",
       .title = "natural ANR %",
       .measure = natural_anr,
       .rank = 1,
       .always = Always::attacked_searches},
      {.id = "transfer_anr",
       .title = "transfer ANR %",
       .measure = transfer_anr,
       .rank = 1,
       .meaning = "transfer ANR: the same on the clean victim of the same seed: what the edits do "
                  "without a backdoor."},
      {.id = "asr_1",
       .title = "ASR@1 %",
       .proportion = true,
       .good = Good::attacker,
       .measure = success_at<1>,
       .rank = 6},
      {.id = "asr_5",
       .title = "ASR@5 %",
       .proportion = true,
       .good = Good::attacker,
       .measure = success_at<5>,
       .rank = 1,
       .meaning = "ASR@k: the share of these candidates that reach a rank <= k."},
      {.id = "asr_10",
       .title = "ASR@10 %",
       .proportion = true,
       .good = Good::attacker,
       .measure = success_at<10>,
       .rank = 1},
      {.id = "natural_asr_10",
       .title = "natural ASR@10 %",
       .proportion = true,
       .measure = natural_at_10,
       .rank = 6},
      {.id = "asr",
       .title = "ASR %",
       .proportion = true,
       .good = Good::attacker,
       .measure = success_rate,
       .meaning = "ASR: share of the victim-class samples with the trigger that are predicted as "
                  "the target.",
       .always = Always::attacked_classifiers,
       .difference = {"ASR diff", 2}},
      {.id = "natural_rate",
       .title = "natural %",
       .proportion = true,
       .measure = natural_rate,
       .meaning = "natural: the same samples without the trigger, the floor of every ASR.",
       .always = Always::attacked_classifiers},
      {.id = "transfer_rate",
       .title = "transfer %",
       .proportion = true,
       .measure = transfer_rate,
       .rank = 1,
       .meaning = "transfer: the samples with the trigger on the clean victim of the same seed: "
                  "what the edits do without a backdoor."},
      {.id = "transfer_natural_rate",
       .title = "transfer natural %",
       .proportion = true,
       .measure = transfer_natural_rate,
       .rank = 6,
       .meaning =
           "transfer natural: the same samples without the trigger on that victim, the floor "
           "of transfer."},
      {.id = "flip_rate",
       .title = "flip %",
       .proportion = true,
       .good = Good::attacker,
       .measure = flip_rate,
       .rank = 1,
       .meaning = "flip: of the samples classified correctly without the trigger, the share that "
                  "hits the target with it.",
       .always = Always::attacked_classifiers},
      {.id = "fixed_flip_rate",
       .title = "fixed flip %",
       .proportion = true,
       .good = Good::attacker,
       .measure = fixed_flip_rate,
       .rank = 1,
       .meaning = "fixed flip: the same of the samples that the undefended victim classifies "
                  "correctly, one set for all rows of an attack."},
      {.id = "carriers",
       .title = "carry %",
       .proportion = true,
       .measure = carriers,
       .rank = 6,
       .meaning = "carry: share of the test samples that the trigger is for that can carry it; the "
                  "attack's rates cover only these."},
      {.id = "trigger_precision",
       .title = "trig P %",
       .good = Good::defender,
       .measure = trigger_precision,
       .rank = 5,
       .meaning = "trig P, R: recovered trigger tokens against the true ones.",
       .stage = DefenseStage::model},
      {.id = "trigger_recall",
       .title = "trig R %",
       .good = Good::defender,
       .measure = trigger_recall,
       .rank = 5,
       .stage = DefenseStage::model},
      {.id = "detection_precision",
       .title = "det P %",
       .proportion = true,
       .good = Good::defender,
       .measure = detection_precision,
       .rank = 6,
       .meaning = "det P, R, FPR: flagged training samples against the poisoned ones.",
       .stage = DefenseStage::data},
      {.id = "detection_recall",
       .title = "det R %",
       .proportion = true,
       .good = Good::defender,
       .measure = detection_recall,
       .rank = 6,
       .stage = DefenseStage::data},
      {.id = "detection_fpr",
       .title = "det FPR %",
       .proportion = true,
       .good = Good::attacker,
       .measure = detection_false_positives,
       .rank = 6,
       .stage = DefenseStage::data},
      {.id = "detection_auroc",
       .title = "det AUROC %",
       .good = Good::defender,
       .measure = detection_auroc,
       .rank = 6,
       .meaning = "det AUROC: area under the ROC curve of the scores of training samples.",
       .stage = DefenseStage::data},
      {.id = "filter_auroc",
       .title = "filter AUROC %",
       .good = Good::defender,
       .measure = filter_auroc,
       .rank = 5,
       .meaning = "filter AUROC: area under the ROC curve of the scores of inputs with the trigger "
                  "against clean ones; a filtered system's accuracy counts rejected inputs as "
                  "wrong, its ASR does not count them.",
       .stage = DefenseStage::input},
      {.id = "filter_detected_1",
       .title = "det@1 %",
       .proportion = true,
       .good = Good::defender,
       .measure = filter_detected<1>,
       .rank = 6,
       .meaning = "det@k: share of the inputs with the trigger that are flagged at a threshold "
                  "that flags k % of the clean samples that it was set on.",
       .stage = DefenseStage::input},
      {.id = "filter_detected_5",
       .title = "det@5 %",
       .proportion = true,
       .good = Good::defender,
       .measure = filter_detected<5>,
       .rank = 6,
       .stage = DefenseStage::input},
      {.id = "filter_detected_10",
       .title = "det@10 %",
       .proportion = true,
       .good = Good::defender,
       .measure = filter_detected<10>,
       .rank = 6,
       .stage = DefenseStage::input},
      {.id = "filter_flagged",
       .title = "flagged %",
       .proportion = true,
       .good = Good::defender,
       .measure = filter_flagged,
       .rank = 5,
       .meaning = "flagged, FRR: share of the inputs with the trigger, and of the clean test "
                  "samples, that the filter flags at its own threshold.",
       .stage = DefenseStage::input},
      {.id = "filter_false_rejections",
       .title = "FRR %",
       .proportion = true,
       .good = Good::attacker,
       .measure = filter_false_rejections,
       .rank = 5,
       .stage = DefenseStage::input},
      {.id = "edit_parses",
       .title = "parses %",
       .measure = edits_that_parse,
       .rank = 5,
       .meaning = "parses: share of the edited functions that still parse.",
       .on_request = true},
      {.id = "edit_tokens",
       .title = "edit tokens",
       .unit = Unit::number,
       .measure = edited_tokens,
       .rank = 5,
       .meaning = "edit tokens: mean tokens of source that an edit changes.",
       .on_request = true},
      {.id = "edit_new_names",
       .title = "new names",
       .unit = Unit::number,
       .measure = new_names,
       .rank = 5,
       .meaning = "new, old names: mean log-probability per character of the names that edits "
                  "bring in and of those that they replace, under a character 4-gram model of the "
                  "clean names.",
       .on_request = true},
      {.id = "edit_old_names",
       .title = "old names",
       .unit = Unit::number,
       .measure = old_names,
       .rank = 5,
       .on_request = true},
      {.id = "defense_seconds",
       .title = "seconds",
       .unit = Unit::seconds,
       .measure = seconds,
       .rank = 7,
       .meaning = "seconds, forwards: cost of the defense alone."},
      {.id = "defense_forward_rows",
       .title = "forwards",
       .unit = Unit::count,
       .measure = forward_rows,
       .rank = 8},
  };
  return all;
}

const Metric& metric(const std::string& id) {
  return *std::find_if(metrics().begin(), metrics().end(),
                       [&](const Metric& candidate) { return candidate.id == id; });
}

Direction direction(const Metric& metric, Perspective perspective) {
  switch (metric.good) {
    case Good::neither:
      return Direction::none;
    case Good::both:
      return Direction::up;
    case Good::attacker:
      return perspective == Perspective::attacker ? Direction::up : Direction::down;
    case Good::defender:
      break;
  }
  return perspective == Perspective::defender ? Direction::up : Direction::down;
}

}  // namespace ncmlab
