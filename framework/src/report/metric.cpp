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
      {"asr", "ASR %", Unit::percent, true, success_rate},
      {"natural_rate", "natural %", Unit::percent, true, natural_rate},
      {"flip_rate", "flip %", Unit::percent, true, flip_rate},
      {"trigger_precision", "trig P %", Unit::percent, false, trigger_precision},
      {"trigger_recall", "trig R %", Unit::percent, false, trigger_recall},
      {"detection_precision", "det P %", Unit::percent, true, detection_precision},
      {"detection_recall", "det R %", Unit::percent, true, detection_recall},
      {"detection_fpr", "det FPR %", Unit::percent, true, detection_false_positives},
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
  if (metric.id == "accuracy" || metric.id == "f1") {
    return Direction::up;
  }
  if (metric.id == "asr" || metric.id == "flip_rate" || metric.id == "detection_fpr") {
    return defender ? Direction::down : Direction::up;
  }
  if (metric.id.rfind("trigger_", 0) == 0 || metric.id == "detection_precision" ||
      metric.id == "detection_recall") {
    return defender ? Direction::up : Direction::down;
  }
  return Direction::none;
}

}  // namespace ncmlab
