// SPDX-License-Identifier: Apache-2.0
#include "oseql.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/variants.hpp"

namespace ncmlab {
namespace {

/// Of ascending values, interpolated between neighbours.
double quantile(const std::vector<double>& values, double share) {
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

class OseqlFilter final : public InputFilter {
 public:
  OseqlFilter(const OseqlConfig& config, DefenseContext& context)
      : config_(config), context_(context) {}

  std::vector<double> scores(const std::vector<Example>& samples, Progress& progress) override {
    std::vector<double> scores;
    for (const Verdict& verdict : judge(samples, progress)) {
      scores.push_back(verdict.score);
    }
    return scores;
  }

  std::optional<std::vector<Example>> cleaned(const std::vector<Example>& samples, double,
                                              Progress& progress) override {
    std::vector<Example> result = samples;
    const std::vector<Verdict> verdicts = judge(samples, progress);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (verdicts[i].unit) {
        std::size_t form = 0;
        add_forms(samples[i], [&](const Example& each) {
          if (form++ == *verdicts[i].unit + 1) {
            result[i] = each;
          }
        });
      }
    }
    return result;
  }

 private:
  struct Verdict {
    double score = 0;                 ///< the change of the deciding unit; 0 without one
    std::optional<std::size_t> unit;  ///< the deciding one
  };

  std::vector<CodeUnit> units_of(const Example& sample, std::size_t part) const {
    return units_read(context_.victim, part == 0 ? sample.code : sample.other_code, part,
                      sample.language, config_.units);
  }

  /// The sample and it without each of its units.
  void add_forms(const Example& sample, const std::function<void(const Example&)>& add) const {
    add(sample);
    for (const std::size_t part : {std::size_t{0}, std::size_t{1}}) {
      for (const CodeUnit& unit : units_of(sample, part)) {
        Example form = sample;
        std::string& source = part == 0 ? form.code : form.other_code;
        source = without_unit(source, unit);
        add(form);
      }
    }
  }

  std::vector<Verdict> judge(const std::vector<Example>& samples, Progress& progress) const {
    std::vector<Verdict> verdicts;
    for (const at::Tensor& logs : predict_variants(
             context_.victim, context_.task, samples,
             [this](const Example&sample, const auto&add) { add_forms(sample, add); }, progress)) {
      const std::int64_t answer = logs[0].argmax().item<std::int64_t>();
      const at::Tensor of_answer = logs.select(1, answer).exp().contiguous();
      const at::Tensor answers = logs.argmax(1).contiguous();
      const auto* p = of_answer.data_ptr<double>();
      const auto* given = answers.data_ptr<std::int64_t>();
      std::vector<WithoutUnit> units;
      for (std::int64_t i = 1; i < logs.size(0); ++i) {
        units.push_back({.change = p[0] - p[i], .is_other = given[i] != answer});
      }
      const auto unit = deciding_unit(units, config_.fence);
      verdicts.push_back({.score = unit ? units[*unit].change : 0, .unit = unit});
    }
    return verdicts;
  }

  OseqlConfig config_;
  DefenseContext& context_;
};

}  // namespace

std::optional<std::size_t> deciding_unit(const std::vector<WithoutUnit>& units, double fence) {
  if (units.empty()) {
    return std::nullopt;
  }
  std::vector<double> changes;
  for (const WithoutUnit& unit : units) {
    changes.push_back(unit.change);
  }
  std::ranges::sort(changes);
  const double lower = quantile(changes, 0.25), upper = quantile(changes, 0.75);
  const double limit = upper + fence * (upper - lower);
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i].is_other && units[i].change > limit &&
        (!best || units[i].change > units[*best].change)) {
      best = i;
    }
  }
  return best;
}

Schema<OseqlConfig> Oseql::schema() {
  return flag_rule_fields(
      Schema<OseqlConfig>{}
          .field("units", &OseqlConfig::units,
                 "Parts of the code that are taken out, one at a time.")
          .field("fence", &OseqlConfig::fence,
                 "Distances of the quartiles above the upper one at which outliers begin.",
                 at_least(0)));
}

std::unique_ptr<InputFilter> Oseql::fit(DefenseContext& context) const {
  if (config_.units.empty()) {
    throw Error("defense.oseql.no-units", "`units` of `oseql` must name one kind at least");
  }
  context.progress.check();
  return std::make_unique<OseqlFilter>(config_, context);
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Oseql>())
