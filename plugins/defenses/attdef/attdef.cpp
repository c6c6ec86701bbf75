// SPDX-License-Identifier: Apache-2.0
#include "attdef.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "ncmlab/language/masked_model.hpp"
#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/token_texts.hpp"

namespace ncmlab {
namespace {

/// Of an input where nothing tells inputs apart, and what it exceeds.
constexpr double kAnyInput = 0, kBelowAnyInput = -1;
/// The threshold, in hundredths, is none below this.
constexpr int kLowestThreshold = 51;

/// Samples with what their tokens have to do with the victim's answers.
struct Attributed {
  std::vector<TokenSample> samples;  ///< with ranges; labels are the answers
  std::vector<TokenAttributions> attributions;
};

class AttdefFilter final : public InputFilter {
 public:
  AttdefFilter(const AttdefConfig& config, DefenseContext& context)
      : config_(config), context_(context) {
    const SpecialIds& special = context.victim.tokenizer().special();
    const std::int64_t mask = special.mask >= 0 ? special.mask : special.unk;
    mask_ = mask >= 0 ? context.victim.tokenizer().decode({mask}) : std::string();
    threshold_ = harmless_threshold();
    context.progress.log("tokens are masked above " + to_toml(Value(threshold_)) +
                         " of the way to the greatest attribution");
  }

  std::vector<double> scores(const std::vector<Example>& samples, Progress& progress) override {
    std::vector<double> scores;
    for (const Example& sample : samples) {
      progress.check();
      scores.push_back(config_.discriminator == Discriminator::none ? kAnyInput
                                                                    : surprise(sample, progress));
      progress.advance();
    }
    return scores;
  }

  std::optional<std::vector<Example>> cleaned(const std::vector<Example>& samples, double,
                                              Progress& progress) override {
    QuietProgress quiet(progress);
    const Attributed attributed = attribute(samples, quiet);
    std::vector<Example> result;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      result.push_back(
          masked(samples[i], attributed.samples[i],
                 deciding_tokens(attributed.attributions[i], context_.victim.rules(), threshold_)));
    }
    return result;
  }

 private:
  /// How little its least likely token is expected: the negative logarithm of its probability.
  double surprise(const Example& sample, Progress& progress) const {
    double most = 0;
    for (const std::size_t part : {std::size_t{0}, std::size_t{1}}) {
      const std::string& source = part == 0 ? sample.code : sample.other_code;
      if (source.empty()) {
        continue;
      }
      const TokenRow row = context_.victim.tokenize(source, part);
      for (const double log : log_probabilities(row, progress)) {
        most = std::max(most, -log);
      }
    }
    return most;
  }

  std::vector<double> log_probabilities(const TokenRow& row, Progress& progress) const {
    if (config_.discriminator == Discriminator::masked) {
      QuietProgress quiet(progress);
      return context_.masked_model->log_probabilities({row.ids}, quiet).front();
    }
    std::vector<double> logs =
        context_.ngram_model->log10_probabilities(text_ids(row, context_.victim.rules()));
    logs.pop_back();  // That of the text's end, which may be where it is cut.
    return logs;
  }

  std::vector<std::int64_t> answers(const std::vector<TokenSample>& samples,
                                    Progress& progress) const {
    const at::Tensor best = context_.victim.predict(samples, progress).argmax(1).contiguous();
    const auto* first = best.data_ptr<std::int64_t>();
    return {first, first + best.numel()};
  }

  Attributed attribute(const std::vector<Example>& samples, Progress& progress) const {
    Attributed result;
    for (const Example& sample : samples) {
      progress.check();
      result.samples.push_back(context_.task.tokenize_with_ranges(context_.victim, sample));
    }
    if (samples.empty()) {
      return result;
    }
    const std::vector<std::int64_t> given = answers(result.samples, progress);
    for (std::size_t i = 0; i < given.size(); ++i) {
      result.samples[i].label = given[i];
    }
    result.attributions =
        integrated_gradients(context_.victim, result.samples,
                             {.steps = config_.steps, .baseline = config_.baseline}, progress);
    return result;
  }

  Example masked(Example sample, const TokenSample& tokens,
                 const std::vector<std::vector<std::size_t>>& places) const {
    sample.code = masked_part(sample.code, tokens.parts.front(), places.front());
    if (!sample.other_code.empty()) {
      sample.other_code = masked_part(sample.other_code, tokens.parts.back(), places.back());
    }
    return sample;
  }

  std::string masked_part(const std::string& source, const TokenRow& row,
                          const std::vector<std::size_t>& places) const {
    std::string result;
    std::size_t from = 0;
    for (const std::size_t place : places) {
      const ByteRange& range = row.ranges[place];
      if (range.size() > 0 && range.begin >= from) {
        result += source.substr(from, range.begin - from) + mask_;
        from = range.end;
      }
    }
    return result + source.substr(from);
  }

  /// The lowest threshold, down from 1 by hundredths, before the first that costs the clean samples
  /// more accuracy than is allowed.
  double harmless_threshold() const {
    QuietProgress quiet(context_.progress);
    const std::vector<Example>& clean = context_.clean_samples;
    const Attributed attributed = attribute(clean, quiet);
    const InputRules& rules = context_.victim.rules();
    std::vector<bool> is_right;
    for (std::size_t i = 0; i < clean.size(); ++i) {
      is_right.push_back(attributed.samples[i].label == clean[i].label);
    }
    const auto right_before = std::ranges::count(is_right, true);
    std::vector<std::vector<std::vector<std::size_t>>> places(clean.size());
    for (int hundredths = 99; hundredths >= kLowestThreshold; --hundredths) {
      std::vector<std::size_t> changed;
      std::vector<TokenSample> forms;
      for (std::size_t i = 0; i < clean.size(); ++i) {
        auto now = deciding_tokens(attributed.attributions[i], rules, hundredths / 100.0);
        if (now != places[i]) {
          places[i] = std::move(now);
          changed.push_back(i);
          forms.push_back(context_.task.tokenize(
              context_.victim, masked(clean[i], attributed.samples[i], places[i])));
        }
      }
      quiet.check();
      if (forms.empty()) {
        continue;
      }
      const std::vector<std::int64_t> given = answers(forms, quiet);
      for (std::size_t i = 0; i < changed.size(); ++i) {
        is_right[changed[i]] = given[i] == clean[changed[i]].label;
      }
      const auto lost = static_cast<double>(right_before - std::ranges::count(is_right, true));
      // A loss such as 0.02 times 50 may come out below 1.
      if (lost > config_.most_loss * static_cast<double>(clean.size()) + 1e-9) {
        return (hundredths + 1) / 100.0;
      }
    }
    return kLowestThreshold / 100.0;
  }

  AttdefConfig config_;
  DefenseContext& context_;
  std::string mask_;
  double threshold_ = 1;
};

}  // namespace

std::vector<std::vector<std::size_t>> deciding_tokens(const TokenAttributions& attributions,
                                                      const InputRules& rules, double threshold) {
  const auto first = static_cast<std::size_t>(rules.first_position());
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const std::vector<double>& part : attributions) {
    // The last is </s>.
    for (std::size_t i = first; i + 1 < part.size(); ++i) {
      least = std::min(least, part[i]);
      most = std::max(most, part[i]);
    }
  }
  std::vector<std::vector<std::size_t>> places(attributions.size());
  for (std::size_t part = 0; part < attributions.size() && most > least; ++part) {
    for (std::size_t i = first; i + 1 < attributions[part].size(); ++i) {
      if ((attributions[part][i] - least) / (most - least) > threshold) {
        places[part].push_back(i);
      }
    }
  }
  return places;
}

Schema<AttdefConfig> Attdef::schema() {
  using C = AttdefConfig;
  return Schema<C>{}
      .field("discriminator", &C::discriminator,
             "Whose surprise at a token makes an input odd; `none`: all inputs are.")
      .field("steps", &C::steps, "Steps of the integrated gradients.", at_least(1))
      .field("baseline", &C::baseline,
             "What stands for no code in them: the padding token's embedding, or zeros.")
      .field("most_loss", &C::most_loss,
             "Accuracy on the clean samples that masking all of them may cost.", range(0.0, 1.0))
      .field("false_rejection_rate", &C::false_rejection_rate,
             "Share of the clean samples that may be masked; without effect where all inputs are.",
             range(0.0, 1.0));
}

std::optional<double> Attdef::threshold() const {
  return config_.discriminator == Discriminator::none ? std::optional(kBelowAnyInput)
                                                      : std::nullopt;
}

std::unique_ptr<InputFilter> Attdef::fit(DefenseContext& context) const {
  require_clean_samples(context, kName);
  if (config_.discriminator == Discriminator::ngram) {
    require_ngram_model(context, kName);
  } else if (config_.discriminator == Discriminator::masked) {
    require_masked_model(context, kName);
  }
  context.progress.check();
  return std::make_unique<AttdefFilter>(config_, context);
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Attdef>())
