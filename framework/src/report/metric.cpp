// SPDX-License-Identifier: Apache-2.0
#include "report/metric.hpp"

#include <algorithm>

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

// The defense's own work: running it and, if it flags samples, training again without them.
template <typename Field>
Value defense_cost(const CellRecord& record, Field field) {
  if (record.defense == "none") {
    return std::nullopt;
  }
  Value result;
  for (const StageCost& cost : record.costs) {
    if (cost.stage == "defend" || cost.stage == "retrain") {
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
      {"accuracy", "acc %", Unit::percent, true, accuracy},
      {"f1", "F1 %", Unit::percent, false, f1},
      {"precision", "precision %", Unit::percent, false, precision},
      {"recall", "recall %", Unit::percent, false, recall},
      {"mrr", "MRR %", Unit::percent, false, mrr},
      {"mrr_untouched", "untouched MRR %", Unit::percent, false, mrr_untouched},
      {"recall_1", "R@1 %", Unit::percent, true, recall_at<1>},
      {"recall_5", "R@5 %", Unit::percent, true, recall_at<5>},
      {"recall_10", "R@10 %", Unit::percent, true, recall_at<10>},
      {"anr", "ANR %", Unit::percent, false, anr},
      {"natural_anr", "natural ANR %", Unit::percent, false, natural_anr},
      {"asr_1", "ASR@1 %", Unit::percent, true, success_at<1>},
      {"asr_5", "ASR@5 %", Unit::percent, true, success_at<5>},
      {"asr_10", "ASR@10 %", Unit::percent, true, success_at<10>},
      {"natural_asr_10", "natural ASR@10 %", Unit::percent, true, natural_at_10},
      {"asr", "ASR %", Unit::percent, true, success_rate},
      {"natural_rate", "natural %", Unit::percent, true, natural_rate},
      {"flip_rate", "flip %", Unit::percent, true, flip_rate},
      {"trigger_precision", "trig P %", Unit::percent, false, trigger_precision},
      {"trigger_recall", "trig R %", Unit::percent, false, trigger_recall},
      {"detection_precision", "det P %", Unit::percent, true, detection_precision},
      {"detection_recall", "det R %", Unit::percent, true, detection_recall},
      {"detection_fpr", "det FPR %", Unit::percent, true, detection_false_positives},
      {"edit_parses", "parses %", Unit::percent, false, edits_that_parse},
      {"edit_tokens", "edit tokens", Unit::number, false, edited_tokens},
      {"edit_new_names", "new names", Unit::number, false, new_names},
      {"edit_old_names", "old names", Unit::number, false, old_names},
      {"defense_seconds", "seconds", Unit::seconds, false, seconds},
      {"defense_forward_rows", "forwards", Unit::count, false, forward_rows},
  };
  return all;
}

const Metric& metric(const std::string& id) {
  return *std::find_if(metrics().begin(), metrics().end(),
                       [&](const Metric& candidate) { return candidate.id == id; });
}

Direction direction(const Metric& metric, Perspective perspective) {
  const bool defender = perspective == Perspective::defender;
  if (metric.id == "accuracy" || metric.id == "f1" || metric.id.starts_with("mrr") ||
      metric.id.starts_with("recall_")) {
    return Direction::up;
  }
  if (metric.id == "anr") {
    return defender ? Direction::up : Direction::down;
  }
  if (metric.id == "asr" || metric.id.starts_with("asr_") || metric.id == "flip_rate" ||
      metric.id == "detection_fpr") {
    return defender ? Direction::down : Direction::up;
  }
  if (metric.id.rfind("trigger_", 0) == 0 || metric.id == "detection_precision" ||
      metric.id == "detection_recall") {
    return defender ? Direction::up : Direction::down;
  }
  return Direction::none;
}

}  // namespace ncmlab
