// SPDX-License-Identifier: Apache-2.0
#include "onion.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ncmlab/code/lexemes.hpp"
#include "ncmlab/core/ascii.hpp"
#include "ncmlab/language/ngram_text.hpp"
#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/token_texts.hpp"

namespace ncmlab {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_word(std::string_view lexeme) {
  const char first = lexeme.front();
  return !is_space(first) && (lexeme.size() > 1 || is_letter(first) || is_digit(first) ||
                              first == '_' || static_cast<unsigned char>(first) >= 0x80);
}

class OnionFilter final : public InputFilter {
 public:
  OnionFilter(DefenseContext& context, LanguageKind kind) : context_(context), kind_(kind) {}

  std::vector<double> scores(const std::vector<Example>& samples, Progress& progress) override {
    std::vector<double> scores;
    for (const Example& sample : samples) {
      double highest = 0;
      for (const std::string* source : {&sample.code, &sample.other_code}) {
        for (const OddWord& word : words_of(*source, source != &sample.code, progress)) {
          highest = std::max(highest, word.suspicion);
        }
      }
      scores.push_back(highest);
      progress.advance();
    }
    return scores;
  }

  std::optional<std::vector<Example>> cleaned(const std::vector<Example>& samples, double threshold,
                                              Progress& progress) override {
    std::vector<Example> result = samples;
    for (Example& sample : result) {
      sample.code = without_odd_words(sample.code, 0, threshold, progress);
      sample.other_code = without_odd_words(sample.other_code, 1, threshold, progress);
    }
    return result;
  }

 private:
  std::vector<OddWord> words_of(const std::string& source, std::size_t part,
                                Progress& progress) const {
    progress.check();
    if (source.empty()) {
      return {};
    }
    const InputRules& rules = context_.victim.rules();
    const TokenRow row = context_.victim.tokenize_with_ranges(source, part);
    return odd_words(source, row, rules, perplexity_of(text_ids(row, rules), progress));
  }

  PerplexityWithout perplexity_of(const std::vector<std::int64_t>& ids, Progress& progress) const {
    if (kind_ == LanguageKind::ngram) {
      const auto text = std::make_shared<const NgramText>(*context_.ngram_model, ids);
      return [text](std::size_t begin, std::size_t end) {
        return std::pow(10, begin == end ? text->entropy() : text->entropy_without(begin, end));
      };
    }
    const SpecialIds& special = context_.masked_model->tokenizer().special();
    std::vector<std::int64_t> row = {special.bos};
    row.insert(row.end(), ids.begin(), ids.end());
    row.push_back(special.eos);
    QuietProgress quiet(progress);
    const std::vector<double> logs = context_.masked_model->log_probabilities({row}, quiet)[0];
    return pseudo_perplexity({logs.begin() + 1, logs.end() - 1});
  }

  std::string without_odd_words(const std::string& source, std::size_t part, double threshold,
                                Progress& progress) const {
    std::string result;
    std::size_t from = 0;
    for (const OddWord& word : words_of(source, part, progress)) {
      if (word.suspicion > threshold) {
        result += source.substr(from, word.range.begin - from);
        from = word.range.end;
      }
    }
    return result + source.substr(from);
  }

  DefenseContext& context_;
  LanguageKind kind_;
};

}  // namespace

PerplexityWithout pseudo_perplexity(std::vector<double> logs) {
  std::vector<double> sums = {0};
  for (const double log : logs) {
    sums.push_back(sums.back() + log);
  }
  return [sums = std::move(sums)](std::size_t begin, std::size_t end) {
    const auto left = static_cast<double>(sums.size() - 1 - (end - begin));
    const double total = sums.back() - (sums[end] - sums[begin]);
    return left > 0 ? std::exp(-total / left) : 1.0;
  };
}

std::vector<OddWord> odd_words(const std::string& source, const TokenRow& row,
                               const InputRules& rules, const PerplexityWithout& perplexity) {
  const auto first = static_cast<std::size_t>(rules.first_position());
  const std::size_t size = row.ids.size() - first - 1;
  const double whole = perplexity(0, 0);
  std::vector<OddWord> words;
  std::size_t begin = 0, place = 0;
  for (const std::string_view lexeme : lexemes_and_space(source)) {
    const ByteRange range{place, place + lexeme.size()};
    place = range.end;
    // The tokens that end within the word: one that begins before it is the blank's, too.
    while (begin < size && row.ranges[first + begin].end <= range.begin) {
      ++begin;
    }
    std::size_t end = begin;
    while (end < size && row.ranges[first + end].end <= range.end) {
      ++end;
    }
    if (is_word(lexeme) && end > begin) {
      words.push_back({.range = range, .suspicion = whole - perplexity(begin, end)});
    }
  }
  return words;
}

Schema<OnionConfig> Onion::schema() {
  return flag_rule_fields(Schema<OnionConfig>{})
      .field("language", &OnionConfig::language,
             "Language model: n-grams of the clean samples or the corpus, or the masked model.");
}

std::unique_ptr<InputFilter> Onion::fit(DefenseContext& context) const {
  if (config_.language == LanguageKind::ngram) {
    require_ngram_model(context, kName);
  } else {
    require_masked_model(context, kName);
  }
  context.progress.check();
  return std::make_unique<OnionFilter>(context, config_.language);
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Onion>())
