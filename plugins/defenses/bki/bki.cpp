// SPDX-License-Identifier: Apache-2.0
#include "bki.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/token_words.hpp"

namespace ncmlab {
namespace {

TokenSample without_word(const TokenSample& sample, const TokenWord& word) {
  TokenSample result;
  for (const TokenRow& part : sample.parts) {
    result.parts.push_back({.ids = part.ids, .ranges = {}});
  }
  std::vector<std::int64_t>& ids = result.parts[word.part].ids;
  const auto first = ids.begin();
  ids.erase(first + static_cast<std::ptrdiff_t>(word.tokens.begin),
            first + static_cast<std::ptrdiff_t>(word.tokens.end));
  return result;
}

}  // namespace

std::vector<WordImpact> key_words(CodeModel& victim, const TaskView& task, const Example& sample,
                                  std::int64_t count, Progress& progress) {
  const TokenSample whole = task.tokenize_with_ranges(victim, sample);
  std::vector<TokenSample> forms = {whole};
  std::vector<WordImpact> impacts;
  for (TokenWord& word : token_words(whole, task.parts(sample))) {
    forms.push_back(without_word(whole, word));
    impacts.push_back({.word = std::move(word.text)});
  }
  // The steps of this pass are none of the caller's.
  QuietProgress quiet(progress);
  const at::Tensor vectors = victim.sentence_vectors(forms, quiet);
  const at::Tensor changes =
      std::get<0>((vectors - vectors[0]).abs().max(1)).to(at::kDouble).contiguous();
  for (std::size_t i = 0; i < impacts.size(); ++i) {
    impacts[i].change = changes.data_ptr<double>()[i + 1];
  }
  std::ranges::stable_sort(impacts, std::greater{}, &WordImpact::change);
  impacts.resize(std::min(impacts.size(), static_cast<std::size_t>(count)));
  return impacts;
}

double Keyword::suspicion() const { return mean_change * std::log10(static_cast<double>(count)); }

std::vector<Keyword> ranked_keywords(const std::vector<std::vector<WordImpact>>& key_words) {
  std::map<std::string, Keyword> dictionary;
  for (const auto& of_sample : key_words) {
    for (const WordImpact& impact : of_sample) {
      Keyword& keyword = dictionary[impact.word];
      keyword.word = impact.word;
      ++keyword.count;
      keyword.mean_change += impact.change;
    }
  }
  std::vector<Keyword> ranked;
  for (auto& [word, keyword] : dictionary) {
    keyword.mean_change /= static_cast<double>(keyword.count);
    ranked.push_back(std::move(keyword));
  }
  std::ranges::stable_sort(ranked, std::greater{}, &Keyword::suspicion);
  return ranked;
}

Schema<BkiConfig> Bki::schema() {
  return Schema<BkiConfig>{}.field("words", &BkiConfig::words,
                                   "Words of a sample that are taken for its key words.",
                                   at_least(1));
}

Suspicion Bki::inspect(DefenseContext& context) const {
  Suspicion suspicion;
  std::vector<std::vector<WordImpact>> found;
  context.progress.begin("taking out words",
                         static_cast<std::int64_t>(context.training_set.size()));
  for (const Example& sample : context.training_set) {
    context.progress.check();
    found.push_back(
        key_words(context.victim, context.task, sample, config_.words, context.progress));
    context.progress.advance();
  }
  const std::vector<Keyword> ranked = ranked_keywords(found);
  std::map<std::string_view, double> suspicions;
  for (const Keyword& keyword : ranked) {
    suspicions[keyword.word] = keyword.suspicion();
  }
  // A word that is a key word once says nothing of a trigger.
  const bool is_found = !ranked.empty() && ranked.front().count > 1;
  for (std::size_t i = 0; i < found.size(); ++i) {
    double& score = suspicion.scores.emplace_back(0);
    bool has_keyword = false;
    for (const WordImpact& impact : found[i]) {
      score = std::max(score, suspicions[impact.word]);
      has_keyword = has_keyword || impact.word == ranked.front().word;
    }
    if (is_found && has_keyword) {
      suspicion.flagged.push_back(i);
    }
  }
  suspicion.figures["flagged_samples"] = static_cast<double>(suspicion.flagged.size());
  if (is_found) {
    context.progress.log("the backdoor keyword is `" + ranked.front().word + "`");
    suspicion.figures["keyword_count"] = static_cast<double>(ranked.front().count);
    suspicion.figures["keyword_mean_change"] = ranked.front().mean_change;
  }
  return suspicion;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Bki>())
