// SPDX-License-Identifier: Apache-2.0
#include "code_detector.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/repair_training.hpp"

namespace ncmlab {
namespace {

/// The training set as the victim reads it.
struct ReadSamples {
  std::vector<TokenSample> tokens;
  std::vector<std::vector<TokenWord>> words;  ///< of each sample
};

ReadSamples read(const DefenseContext& context) {
  ReadSamples result;
  for (const Example& sample : context.training_set) {
    context.progress.check();
    TokenSample tokens = context.task.tokenize_with_ranges(context.victim, sample);
    result.words.push_back(token_words(tokens, context.task.parts(sample)));
    for (TokenRow& part : tokens.parts) {
      part.ranges.clear();
    }
    result.tokens.push_back(std::move(tokens));
  }
  return result;
}

TriggerIds ids_of(const TokenSample& sample, const TokenWord& word) {
  const auto first = sample.parts[word.part].ids.begin();
  return {first + static_cast<std::ptrdiff_t>(word.tokens.begin),
          first + static_cast<std::ptrdiff_t>(word.tokens.end)};
}

/// The words that decide the label of a sample, the most frequent first, of equals by the alphabet.
std::vector<Candidate> find_candidates(const ReadSamples& samples,
                                       const std::vector<TokenAttributions>& attributions,
                                       double least_share) {
  std::map<std::string, Candidate> found;
  for (std::size_t i = 0; i < samples.tokens.size(); ++i) {
    std::set<std::string_view> of_sample;
    for (const std::size_t place : deciding_words(samples.words[i], attributions[i], least_share)) {
      const TokenWord& word = samples.words[i][place];
      const auto [candidate, is_new] = found.try_emplace(word.text);
      if (is_new) {
        candidate->second = {.word = word.text, .ids = ids_of(samples.tokens[i], word)};
      }
      candidate->second.samples += of_sample.insert(word.text).second;
    }
  }
  std::vector<Candidate> result;
  for (auto& [word, candidate] : found) {
    result.push_back(std::move(candidate));
  }
  std::ranges::stable_sort(result, std::greater{}, &Candidate::samples);
  return result;
}

/// Measures what words cost on clean samples.
class Probe {
 public:
  explicit Probe(DefenseContext& context)
      : context_(context),
        clean_(context.task.tokenize(context.victim, context.clean_samples)),
        accuracy_(accuracy_on(clean_)) {}

  double clean_accuracy() const { return accuracy_; }

  /// The share of the accuracy that is lost with `ids` in front of every part.
  double drop(const TriggerIds& ids) const {
    if (accuracy_ == 0) {
      return 0;
    }
    const InputRules& rules = context_.victim.rules();
    std::vector<TokenSample> probed;
    for (const TokenSample& sample : clean_) {
      InversionSample place{.sample = sample, .places = before_token(rules.first_position())};
      for (; place.part < sample.parts.size(); ++place.part) {
        place.sample = with_trigger(place, ids, rules);
      }
      probed.push_back(std::move(place.sample));
    }
    return (accuracy_ - accuracy_on(probed)) / accuracy_;
  }

 private:
  double accuracy_on(const std::vector<TokenSample>& samples) const {
    QuietProgress quiet(context_.progress);
    return accuracy(context_.victim, samples, quiet);
  }

  DefenseContext& context_;
  std::vector<TokenSample> clean_;
  double accuracy_;
};

}  // namespace

std::vector<std::size_t> deciding_words(const std::vector<TokenWord>& words,
                                        const TokenAttributions& attributions, double least_share) {
  std::vector<double> sums;
  double highest = 0;
  for (const TokenWord& word : words) {
    double sum = 0;
    for (std::size_t token = word.tokens.begin; token < word.tokens.end; ++token) {
      sum += attributions[word.part][token];
    }
    sums.push_back(sum);
    highest = std::max(highest, sum);
  }
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums[i] > 0 && sums[i] > least_share * highest) {
      places.push_back(i);
    }
  }
  return places;
}

Schema<CodeDetectorConfig> CodeDetector::schema() {
  using C = CodeDetectorConfig;
  return Schema<C>{}
      .field("steps", &C::steps, "Steps of the integrated gradients.", at_least(1))
      .field("baseline", &C::baseline,
             "What stands for no code in them: the padding token's embedding, or zeros.")
      .field("least_share", &C::least_share,
             "Share of the highest attribution in its sample above which a word is a candidate.",
             range(0.0, 1.0))
      .field("most_candidates", &C::most_candidates,
             "Candidates that are tried, those of the most samples; 0: all.", at_least(0))
      .field("least_drop", &C::least_drop,
             "Share of the accuracy on clean samples that a trigger costs at least.",
             range(0.0, 1.0));
}

Suspicion CodeDetector::inspect(DefenseContext& context) const {
  require_clean_samples(context, kName);
  const ReadSamples samples = read(context);
  context.progress.begin("attributing labels to words",
                         static_cast<std::int64_t>(samples.tokens.size()));
  std::vector<Candidate> candidates =
      find_candidates(samples,
                      integrated_gradients(context.victim, samples.tokens,
                                           {.steps = config_.steps, .baseline = config_.baseline},
                                           context.progress),
                      config_.least_share);
  Suspicion suspicion;
  suspicion.figures["candidates"] = static_cast<double>(candidates.size());
  if (config_.most_candidates > 0) {
    candidates.resize(
        std::min(candidates.size(), static_cast<std::size_t>(config_.most_candidates)));
  }
  const Probe probe(context);
  context.progress.begin("trying candidates", static_cast<std::int64_t>(candidates.size()));
  std::map<std::string_view, double> drops;
  double triggers = 0;
  for (Candidate& candidate : candidates) {
    context.progress.check();
    candidate.drop = probe.drop(candidate.ids);
    drops[candidate.word] = candidate.drop;
    if (candidate.drop >= config_.least_drop) {
      ++triggers;
      context.progress.log("the word `" + candidate.word + "` is a trigger");
    }
    context.progress.advance();
  }
  for (std::size_t i = 0; i < samples.words.size(); ++i) {
    double& score = suspicion.scores.emplace_back(0);
    bool is_flagged = false;
    for (const TokenWord& word : samples.words[i]) {
      if (const auto drop = drops.find(word.text); drop != drops.end()) {
        score = std::max(score, drop->second);
        is_flagged = is_flagged || drop->second >= config_.least_drop;
      }
    }
    if (is_flagged) {
      suspicion.flagged.push_back(i);
    }
  }
  suspicion.backdoored = triggers > 0;
  suspicion.figures["triggers"] = triggers;
  suspicion.figures["clean_accuracy"] = probe.clean_accuracy();
  suspicion.figures["flagged_samples"] = static_cast<double>(suspicion.flagged.size());
  return suspicion;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::CodeDetector>())
