// SPDX-License-Identifier: Apache-2.0
#include "killbadcode.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <set>

#include "ncmlab/core/ascii.hpp"
#include "ncmlab/language/ngram_text.hpp"
#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/token_texts.hpp"

namespace ncmlab {
namespace {

bool is_alphanumeric(const Tokenizer& tokenizer, std::int64_t id) {
  if (tokenizer.is_special(id)) {
    return false;
  }
  std::string text = tokenizer.decode({id});
  text.erase(0, text.find_first_not_of(' '));
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c); });
}

/// The training samples that a victim that was trained on the others gives their own label.
std::set<std::size_t> confirmed(DefenseContext& context, const std::vector<std::size_t>& flagged) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < context.training_set.size(); ++i) {
    if (!std::ranges::binary_search(flagged, i)) {
      kept.push_back(i);
    }
  }
  if (kept.empty() || flagged.empty()) {
    return {};
  }
  CodeModel trained = context.train_victim(kept);
  std::vector<Example> samples;
  for (const std::size_t i : flagged) {
    samples.push_back(context.training_set[i]);
  }
  const at::Tensor answers =
      trained.predict(context.task.tokenize(trained, samples), context.progress)
          .argmax(1)
          .contiguous();
  const auto* answer = answers.data_ptr<std::int64_t>();
  std::set<std::size_t> result;
  for (std::size_t i = 0; i < flagged.size(); ++i) {
    if (answer[i] == samples[i].label) {
      result.insert(flagged[i]);
    }
  }
  return result;
}

}  // namespace

std::vector<TokenGain> token_gains(const std::vector<std::vector<std::int64_t>>& texts,
                                   const NgramModel& language, const Tokenizer& tokenizer,
                                   std::int64_t most_tokens, Progress& progress) {
  std::map<std::int64_t, bool> is_candidate;
  std::map<std::int64_t, double> gains;
  progress.begin("measuring how natural code is", static_cast<std::int64_t>(texts.size()));
  for (std::vector<std::int64_t> ids : texts) {
    progress.check();
    ids.resize(std::min(ids.size(), static_cast<std::size_t>(most_tokens)));
    const NgramText text(language, ids);
    const double entropy = text.entropy();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto [known, is_new] = is_candidate.try_emplace(ids[i]);
      if (is_new) {
        known->second = is_alphanumeric(tokenizer, ids[i]);
      }
      if (known->second) {
        gains[ids[i]] += std::max(0.0, entropy - text.entropy_without(i, i + 1));
      }
    }
    progress.advance();
  }
  std::vector<TokenGain> result(gains.begin(), gains.end());
  std::ranges::stable_sort(result, std::greater{}, &TokenGain::second);
  return result;
}

Schema<KillBadCodeConfig> KillBadCode::schema() {
  using C = KillBadCodeConfig;
  return Schema<C>{}
      .field("triggers", &C::triggers, "Tokens that are taken for triggers.", at_least(1))
      .field("most_tokens", &C::most_tokens, "Tokens of a function that are looked at, the first.",
             at_least(1))
      .field("confirm", &C::confirm,
             "Whether flagged samples are taken back whose label a victim without them gives.");
}

Suspicion KillBadCode::inspect(DefenseContext& context) const {
  require_ngram_model(context, kName);
  // Of a pair both functions are texts of its own sample.
  std::vector<std::vector<std::int64_t>> texts;
  std::vector<std::size_t> owners;
  for (std::size_t i = 0; i < context.training_set.size(); ++i) {
    for (auto& text : token_texts(context.victim, {context.training_set[i]})) {
      texts.push_back(std::move(text));
      owners.push_back(i);
    }
  }
  const Tokenizer& tokenizer = context.victim.tokenizer();
  std::vector<TokenGain> gains =
      token_gains(texts, *context.ngram_model, tokenizer, config_.most_tokens, context.progress);
  std::map<std::int64_t, double> gain_of(gains.begin(), gains.end());
  gains.resize(std::min(gains.size(), static_cast<std::size_t>(config_.triggers)));
  std::set<std::int64_t> triggers;
  for (const TokenGain& gain : gains) {
    triggers.insert(gain.first);
  }
  Suspicion suspicion;
  suspicion.scores.assign(context.training_set.size(), 0);
  std::set<std::size_t> flagged;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    double& score = suspicion.scores[owners[i]];
    for (const std::int64_t id : texts[i]) {
      if (const auto gain = gain_of.find(id); gain != gain_of.end()) {
        score = std::max(score, gain->second);
      }
      if (triggers.contains(id)) {
        flagged.insert(owners[i]);
      }
    }
  }
  suspicion.figures["flagged_samples"] = static_cast<double>(flagged.size());
  suspicion.flagged.assign(flagged.begin(), flagged.end());
  if (config_.confirm && context.task.kind() != TaskKind::retrieval) {
    const std::set<std::size_t> taken_back = confirmed(context, suspicion.flagged);
    std::erase_if(suspicion.flagged, [&](std::size_t i) { return taken_back.contains(i); });
    suspicion.figures["samples_taken_back"] = static_cast<double>(taken_back.size());
  }
  return suspicion;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::KillBadCode>())
