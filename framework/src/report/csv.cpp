// SPDX-License-Identifier: Apache-2.0
#include "report/renderers.hpp"
#include "report/text.hpp"

namespace ncmlab {
namespace {

// Printable, so that every line of the file is one line of the table and UTF-8.
std::string field(const std::string& text) { return quote_csv(plain_text_cell(printable(text))); }

// The lines of one cell; all begin with its task, model, attack, defense and seed.
class CellLines {
 public:
  CellLines(const CellRecord& record, bool intervals, std::string& out)
      : intervals_(intervals), out_(out) {
    for (const std::string* name : {&record.task, &record.model, &record.attack, &record.defense}) {
      prefix_ += field(*name) + ",";
    }
    prefix_ += std::to_string(record.seed) + ",";
  }

  void add(const std::string& metric, std::optional<double> value,
           std::optional<std::int64_t> n = std::nullopt, const std::string& text = "",
           bool proportion = false) {
    out_ += prefix_ + field(metric) + "," + (value ? shortest_number(*value) : "") + "," +
            (n ? std::to_string(*n) : "") + "," + field(text);
    if (intervals_) {
      if (proportion && value && n) {
        const auto [low, high] = wilson_interval(*value, *n);
        out_ += "," + shortest_number(low) + "," + shortest_number(high);
      } else {
        out_ += ",,";
      }
    }
    out_ += "\n";
  }

 private:
  bool intervals_;
  std::string& out_;
  std::string prefix_;
};

/// The points of a ROC curve: `NAME:5` is the share that is detected at 5 % false positives.
void add_curve(const std::string& name, const std::vector<double>& shares, CellLines& lines) {
  for (std::size_t percent = 0; percent < shares.size(); ++percent) {
    lines.add(name + ":" + std::to_string(percent), shares[percent]);
  }
}

void add_cell(const CellRecord& record, bool intervals, std::string& out) {
  CellLines lines(record, intervals, out);
  if (!record.skipped.empty()) {
    lines.add("skipped", std::nullopt, std::nullopt, record.skipped);
    return;
  }
  if (!record.failure.empty()) {
    lines.add("failure", std::nullopt, std::nullopt, record.failure);
    return;
  }
  if (record.limit > 0) {
    lines.add("trial_limit", static_cast<double>(record.limit));
  }
  for (const Metric& metric : metrics()) {
    if (const auto measured = metric.measure(record)) {
      lines.add(metric.id, measured->value, measured->n, "", metric.proportion);
    }
  }
  if (record.detection) {
    add_curve("detection_roc", record.detection->roc, lines);
  }
  if (record.filter) {
    add_curve("filter_roc", record.filter->roc, lines);
  }
  if (record.backdoored) {
    lines.add("backdoored", *record.backdoored ? 1 : 0, std::nullopt,
              *record.backdoored ? "backdoored" : "clean");
  }
  for (const TriggerRecord& trigger : record.triggers) {
    const std::string pair =
        std::to_string(trigger.victim_label) + "->" + std::to_string(trigger.target_label);
    lines.add("trigger_hit_rate:" + pair, trigger.hit_rate, std::nullopt, trigger.text);
    lines.add("trigger_loss:" + pair, trigger.loss, std::nullopt, trigger.text);
  }
  for (const auto& [name, value] : record.figures) {
    lines.add("figure:" + name, value);
  }
  for (const StageCost& cost : record.costs) {
    lines.add("seconds:" + cost.stage, cost.seconds);
    lines.add("forward_rows:" + cost.stage, static_cast<double>(cost.forward_rows));
    lines.add("backward_rows:" + cost.stage, static_cast<double>(cost.backward_rows));
  }
}

}  // namespace

std::string render_csv(const std::vector<CellRecord>& records, const ReportOptions& options) {
  std::string out = "task,model,attack,defense,seed,metric,value,n,text";
  out += options.intervals ? ",low,high\n" : "\n";
  for (const CellRecord* record : distinct_records(records)) {
    add_cell(*record, options.intervals, out);
  }
  return out;
}

}  // namespace ncmlab
