// SPDX-License-Identifier: Apache-2.0
#include "codepurify.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ncmlab/code/lexemes.hpp"
#include "ncmlab/core/ascii.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/variants.hpp"

namespace ncmlab {
namespace {

/// Of an input of which no unit has influence: below every negative entropy of fewer units than
/// there are bytes in a computer.
constexpr double kNoInfluence = -100;

std::string text_of(std::int64_t id, const Tokenizer& tokenizer) {
  return id < 0 ? std::string() : tokenizer.decode({id});
}

/// Where `refilled` may put something else.
std::vector<ByteRange> places_of(const std::string& source, Language language,
                                 const CodeUnit& unit) {
  if (unit.kind == UnitKind::identifier || unit.kind == UnitKind::function_name) {
    return {unit.ranges.front()};
  }
  std::vector<ByteRange> places;
  for (const ByteRange& range : unit.ranges) {
    std::size_t begin = range.begin;
    for (const std::string_view lexeme :
         lexemes_and_space(std::string_view(source).substr(range.begin, range.size()))) {
      const char first = lexeme.front();
      if ((is_letter(first) || is_digit(first) || first == '_') &&
          !std::ranges::binary_search(keywords(language), lexeme)) {
        places.push_back({begin, begin + lexeme.size()});
      }
      begin += lexeme.size();
    }
  }
  return places;
}

std::string repeated(const std::string& text, std::int64_t times) {
  std::string result;
  for (std::int64_t i = 0; i < times; ++i) {
    result += text;
  }
  return result;
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string::npos
             ? std::string()
             : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// What units have to do with the answer, of one part of a sample.
struct Influence {
  std::optional<double> entropy;
  std::size_t largest = 0;  ///< the unit; only with an entropy
};

/// One for each part.
using Influences = std::array<Influence, 2>;

Influence influence_of(const std::vector<double>& influences) {
  return {.entropy = influence_entropy(influences),
          .largest =
              static_cast<std::size_t>(std::ranges::max_element(influences) - influences.begin())};
}

class CodepurifyFilter final : public InputFilter {
 public:
  CodepurifyFilter(const CodepurifyConfig& config, DefenseContext& context)
      : config_(config),
        context_(context),
        unknown_(text_of(context.victim.tokenizer().special().unk, context.victim.tokenizer())) {}

  std::vector<double> scores(const std::vector<Example>& samples, Progress& progress) override {
    std::vector<double> scores;
    const std::vector<Influences> influences = judge(samples, progress);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      double score = negative_entropy(influences[i][0]);
      if (!samples[i].other_code.empty()) {
        score = std::min(score, negative_entropy(influences[i][1]));
      }
      scores.push_back(score);
    }
    return scores;
  }

  std::optional<std::vector<Example>> cleaned(const std::vector<Example>& samples, double,
                                              Progress& progress) override {
    std::vector<Example> result = samples;
    const std::vector<Influences> influences = judge(samples, progress);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      progress.check();
      result[i].code = purified(samples[i], 0, influences[i][0]);
      result[i].other_code = purified(samples[i], 1, influences[i][1]);
    }
    return result;
  }

 private:
  static double negative_entropy(const Influence& influence) {
    return influence.entropy ? -*influence.entropy : kNoInfluence;
  }

  static const std::string& source_of(const Example& sample, std::size_t part) {
    return part == 0 ? sample.code : sample.other_code;
  }

  std::vector<CodeUnit> units_of(const Example& sample, std::size_t part) const {
    return units_read(context_.victim, source_of(sample, part), part, sample.language,
                      config_.units);
  }

  std::vector<Influences> judge(const std::vector<Example>& samples, Progress& progress) const {
    std::vector<std::size_t> first_units;  // how many units the first part of each sample has
    const auto add_forms = [&](const Example& sample, const auto& add) {
      add(sample);
      for (const std::size_t part : {std::size_t{0}, std::size_t{1}}) {
        const std::vector<CodeUnit> units = units_of(sample, part);
        if (part == 0) {
          first_units.push_back(units.size());
        }
        for (const CodeUnit& unit : units) {
          Example form = sample;
          (part == 0 ? form.code : form.other_code) =
              with_unit(source_of(sample, part), unit, unknown_);
          add(form);
        }
      }
    };
    std::vector<Influences> result;
    for (const at::Tensor& logs :
         predict_variants(context_.victim, context_.task, samples, add_forms, progress)) {
      const std::vector<double> changes = changes_of(logs);
      const auto middle =
          changes.begin() + static_cast<std::ptrdiff_t>(first_units.at(result.size()));
      result.push_back(
          {influence_of({changes.begin(), middle}), influence_of({middle, changes.end()})});
    }
    return result;
  }

  /// By how much the probability of the answer, that of the first row, is another in each of the
  /// other rows. Summed over the other classes, where it is not lost beside a probability near 1.
  static std::vector<double> changes_of(const at::Tensor& logs) {
    const std::int64_t answer = logs[0].argmax().item<std::int64_t>();
    const at::Tensor others =
        at::cat({logs.slice(1, 0, answer), logs.slice(1, answer + 1)}, 1).exp().sum(1);
    const at::Tensor changes = (others.slice(0, 1) - others[0]).abs().contiguous();
    const auto* first = changes.data_ptr<double>();
    return {first, first + changes.numel()};
  }

  std::string purified(const Example& sample, std::size_t part, const Influence& influence) const {
    const std::string& source = source_of(sample, part);
    if (!influence.entropy) {
      return source;
    }
    const CodeUnit unit = units_of(sample, part).at(influence.largest);
    if (config_.refill == Refill::mask) {
      std::string text = refilled(source, sample.language, unit, part, context_.victim,
                                  *context_.masked_model, config_.name_masks);
      if (text != source) {
        return text;
      }
    }
    return with_unit(source, unit, unknown_);
  }

  CodepurifyConfig config_;
  DefenseContext& context_;
  std::string unknown_;
};

}  // namespace

std::optional<double> influence_entropy(const std::vector<double>& influences) {
  const double sum = std::reduce(influences.begin(), influences.end());
  if (!(sum > 0)) {
    return std::nullopt;
  }
  double entropy = 0;
  for (const double influence : influences) {
    // 0 log 0 is 0.
    if (influence > 0) {
      entropy -= influence / sum * std::log(influence / sum);
    }
  }
  return entropy;
}

std::string refilled(const std::string& source, Language language, const CodeUnit& unit,
                     std::size_t part, const CodeModel& victim, MaskedModel& masked,
                     std::int64_t name_masks) {
  const std::vector<ByteRange> places = places_of(source, language, unit);
  const bool is_name = unit.kind == UnitKind::identifier || unit.kind == UnitKind::function_name;
  const std::size_t masks = is_name ? static_cast<std::size_t>(name_masks) : 1;
  const Tokenizer& tokenizer = masked.tokenizer();
  const std::int64_t mask = tokenizer.special().mask;
  CodeUnit words = unit;
  words.ranges = is_name ? unit.ranges : places;
  const std::string masked_source = with_unit(
      source, words, repeated(tokenizer.decode({mask}), static_cast<std::int64_t>(masks)));
  const std::vector<std::int64_t> ids = victim.tokenize(masked_source, part).ids;
  std::vector<std::size_t> masked_places;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == mask) {
      masked_places.push_back(i);
    }
  }
  const std::vector<std::int64_t> filled = masked.fill(ids, masked_places);
  std::string result;
  std::size_t from = 0;
  for (std::size_t i = 0; i < places.size() && (i + 1) * masks <= filled.size(); ++i) {
    const auto first = filled.begin() + static_cast<std::ptrdiff_t>(i * masks);
    const std::string text =
        trimmed(tokenizer.decode({first, first + static_cast<std::ptrdiff_t>(masks)}));
    if (is_name) {
      return text.empty() ? source : with_unit(source, unit, text);
    }
    result += source.substr(from, places[i].begin - from) + text;
    from = places[i].end;
  }
  return result + source.substr(from);
}

Schema<CodepurifyConfig> Codepurify::schema() {
  using C = CodepurifyConfig;
  return flag_rule_fields(
             Schema<C>{}
                 .field("units", &C::units, "Parts of the code that are replaced, one at a time.")
                 .field("refill", &C::refill,
                        "What takes the place of the unit with the most influence: the unknown "
                        "token, or what a masked language model expects.")
                 .field("name_masks", &C::name_masks, "Masked tokens that a name is made of.",
                        range(1, 16), only_where("refill", "mask")))
      .field("largest_entropy", &C::largest_entropy,
             "Entropy of the influences below which an input is poisoned.", at_least(0),
             unit("nats"), only_where("rule", "published"));
}

std::unique_ptr<InputFilter> Codepurify::fit(DefenseContext& context) const {
  if (config_.units.empty()) {
    throw Error("defense.codepurify.no-units",
                "`units` of `codepurify` must name one kind at least");
  }
  if (config_.refill == Refill::mask) {
    require_masked_model(context, kName);
  }
  context.progress.check();
  return std::make_unique<CodepurifyFilter>(config_, context);
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Codepurify>())
