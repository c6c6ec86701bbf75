// SPDX-License-Identifier: Apache-2.0
#include "strip.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "ncmlab/code/lexemes.hpp"
#include "ncmlab/core/ascii.hpp"
#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/variants.hpp"

namespace ncmlab {
namespace {

bool is_word(std::string_view lexeme) { return is_letter(lexeme.front()) || lexeme.front() == '_'; }

class StripFilter final : public InputFilter {
 public:
  StripFilter(const StripConfig& config, DefenseContext& context)
      : config_(config),
        context_(context),
        words_(words_by_weight(sources_of(context.clean_samples))),
        rng_(context.rng.stream("strip")) {}

  std::vector<double> scores(const std::vector<Example>& samples, Progress& progress) override {
    std::vector<double> scores;
    for (const at::Tensor& answers : predict_variants(
             context_.victim, context_.task, samples,
             [this](const Example&sample, const auto&add) { add_copies(sample, add); }, progress)) {
      scores.push_back(-mean_entropy(answers));
    }
    return scores;
  }

 private:
  static std::vector<std::string> sources_of(const std::vector<Example>& samples) {
    std::vector<std::string> sources;
    for (const Example& sample : samples) {
      // Of a pair the words of both functions.
      sources.push_back(sample.code + "\n" + sample.other_code);
    }
    return sources;
  }

  void add_copies(const Example& sample, const std::function<void(const Example&)>& add) const {
    // Of the sample alone, so that its score is its own.
    Rng rng = rng_.stream(sample.code).stream(sample.other_code);
    for (std::int64_t copy = 0; copy < config_.copies; ++copy) {
      Example changed = sample;
      changed.code = with_words(sample.code, rng.pick(words_), config_.replaced, rng);
      if (!sample.other_code.empty()) {
        changed.other_code = with_words(sample.other_code, rng.pick(words_), config_.replaced, rng);
      }
      add(changed);
    }
  }

  /// In bits, of log-probabilities [copies, classes].
  static double mean_entropy(const at::Tensor& logs) {
    // 0 log 0 is 0.
    const at::Tensor terms = at::where(logs.exp() > 0, logs.exp() * logs, at::zeros_like(logs));
    return -terms.sum(1).mean().item<double>() / std::log(2.0);
  }

  StripConfig config_;
  DefenseContext& context_;
  std::vector<std::vector<std::string>> words_;  ///< of each clean sample
  Rng rng_;
};

}  // namespace

std::vector<std::vector<std::string>> words_by_weight(const std::vector<std::string>& texts) {
  std::map<std::string, double, std::less<>> documents;
  std::vector<std::vector<std::string_view>> words;
  for (const std::string& text : texts) {
    std::vector<std::string_view>& own = words.emplace_back();
    for (const std::string_view lexeme : lexemes(text)) {
      if (is_word(lexeme)) {
        own.push_back(lexeme);
      }
    }
    for (const std::string_view word : std::set(own.begin(), own.end())) {
      ++documents[std::string(word)];
    }
  }
  std::vector<std::vector<std::string>> result;
  for (const auto& own : words) {
    std::map<std::string_view, double> counts;
    std::vector<std::string_view> order;
    for (const std::string_view word : own) {
      if (++counts[word] == 1) {
        order.push_back(word);
      }
    }
    const auto weight = [&](std::string_view word) {
      return counts[word] *
             std::log(static_cast<double>(texts.size()) / documents.find(word)->second);
    };
    std::ranges::stable_sort(order, std::greater{}, weight);
    result.emplace_back(order.begin(), order.end());
  }
  return result;
}

std::string with_words(const std::string& source, const std::vector<std::string>& words,
                       double replaced, Rng& rng) {
  const std::vector<std::string_view> parts = lexemes_and_space(source);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (is_word(parts[i])) {
      places.push_back(i);
    }
  }
  if (places.empty() || words.empty()) {
    return source;
  }
  const auto count = static_cast<std::size_t>(
      std::max<long long>(1, std::llround(replaced * static_cast<double>(places.size()))));
  std::map<std::size_t, std::string_view> changes;
  std::size_t next = 0;
  for (const std::size_t chosen : rng.sample(places.size(), count)) {
    changes[places[chosen]] = words[next++ % words.size()];
  }
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto change = changes.find(i);
    text += change == changes.end() ? parts[i] : change->second;
  }
  return text;
}

Schema<StripConfig> Strip::schema() {
  return Schema<StripConfig>{}
      .field("copies", &StripConfig::copies, "Copies of each input, each with other words.",
             range(1, 1000))
      .field("replaced", &StripConfig::replaced, "Share of the words that is replaced in a copy.",
             range(0.0, 1.0))
      .field("false_rejection_rate", &StripConfig::false_rejection_rate,
             "Share of the clean samples that may be rejected.", range(0.0, 1.0));
}

std::unique_ptr<InputFilter> Strip::fit(DefenseContext& context) const {
  require_clean_samples(context, kName);
  context.progress.check();
  return std::make_unique<StripFilter>(config_, context);
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Strip>())
