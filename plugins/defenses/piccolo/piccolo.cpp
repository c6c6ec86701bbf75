// SPDX-License-Identifier: Apache-2.0
#include "piccolo.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "soft_word.hpp"
#include "word_list.hpp"

namespace ncmlab {
namespace {

/// The trigger is the one of the soft word's likeliest words whose loss is lowest.
class WordSearch final : public TriggerSearch {
 public:
  WordSearch(const SearchContext& context, std::vector<piccolo::Word> words,
             const PiccoloConfig& config)
      : context_(context),
        words_(std::move(words)),
        config_(config),
        inversion_(context.loss_of.scorer(), context.victim.encoder().embedding_table(), words_,
                   {.word_tokens = config.word_tokens,
                    .learning_rate = config.learning_rate,
                    .penalty = config.penalty}) {}

  void advance(std::int64_t epochs) override {
    for (std::int64_t i = 0; i < epochs; ++i) {
      inversion_.step(context_.progress);
    }
  }

  FoundTriggers found() override {
    const piccolo::SoftWord soft = inversion_.word();
    FoundTriggers found;
    for (const std::size_t word : likely_words(soft.weights)) {
      context_.progress.check();
      const TriggerIds& ids = words_[word].ids;
      found.visited.push_back({.ids = ids, .loss = context_.loss_of(ids)});
    }
    found.best = *std::ranges::min_element(found.visited, {}, &ScoredTrigger::loss);
    found.epochs = inversion_.epochs();
    found.candidates = std::ssize(found.visited);
    found.figures["soft_hit_rate"] = soft.hit_rate;
    found.figures["soft_loss"] = soft.loss;
    return found;
  }

  std::map<std::string, double> judge(const TriggerIds& trigger,
                                      const JudgedSamples& held_out) const override {
    Rng drawn = context_.rng.stream("reference words");
    double others = 0;
    double count = 0;
    for (const std::size_t word :
         drawn.sample(words_.size(), static_cast<std::size_t>(config_.reference_words))) {
      if (words_[word].ids != trigger) {
        others += held_out.mean_rise(words_[word].ids);
        ++count;
      }
    }
    return {
        {"discriminativity", held_out.mean_rise(trigger) - (count == 0 ? 0.0 : others / count)}};
  }

 private:
  /// Their places in the list, the likeliest first.
  std::vector<std::size_t> likely_words(const at::Tensor& weights) const {
    const at::Tensor on_cpu = weights.cpu().contiguous();
    const auto* weight = on_cpu.data_ptr<float>();
    std::vector<std::size_t> places(words_.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    std::ranges::stable_sort(places, std::ranges::greater{},
                             [weight](std::size_t place) { return weight[place]; });
    places.resize(std::min(places.size(), static_cast<std::size_t>(config_.likely_words)));
    return places;
  }

  const SearchContext& context_;
  std::vector<piccolo::Word> words_;
  PiccoloConfig config_;
  piccolo::SoftWordInversion inversion_;
};

class WordSearches final : public SearchMethod {
 public:
  WordSearches(std::map<NameEdit, std::vector<piccolo::Word>> words, PiccoloConfig config)
      : words_(std::move(words)), config_(std::move(config)) {}

  std::unique_ptr<TriggerSearch> begin(const SearchContext& context) const override {
    return std::make_unique<WordSearch>(context, words_.at(context.edit.change), config_);
  }

 private:
  std::map<NameEdit, std::vector<piccolo::Word>> words_;
  PiccoloConfig config_;
};

}  // namespace

Piccolo::Piccolo(PiccoloConfig config)
    : TriggerInversion(kName, config,
                       {.trigger_length = config.word_tokens, .epochs = config.epochs}),
      config_(config) {}

Schema<PiccoloConfig> Piccolo::schema() {
  using C = PiccoloConfig;
  Schema<C> search =
      position_fields(sample_fields(Schema<C>{}))
          .field("words", &C::words,
                 "Words of the list at most: names of the clean samples and their sub-words, the "
                 "most frequent ones.",
                 range(1, 1'000'000))
          .field("word_tokens", &C::word_tokens,
                 "Tokens of the soft word; words that have more are left out.", range(1, 64))
          .field("epochs", &C::epochs, "Steps of each inversion.", range(0, 100'000))
          .field("learning_rate", &C::learning_rate, "Rate of Adam.", range(0.0, 1'000.0))
          .field("penalty", &C::penalty,
                 "Factor of the penalty where more than one word weighs over a half.", at_least(0))
          .field("likely_words", &C::likely_words,
                 "Words with the highest weights, each tried as the trigger.", range(1, 100'000))
          .field("reference_words", &C::reference_words,
                 "Words of the list, drawn at random, that the trigger's discriminativity is "
                 "measured against.",
                 range(0, 100'000));
  return unlearning_fields(
      direction_field(std::move(search))
          .field("verdict_hit_rate", &C::verdict_hit_rate,
                 "The model is called backdoored only when the soft word turns at least this share "
                 "of the inversion samples.",
                 range(0.0, 1.0))
          .field("verdict_discriminativity", &C::verdict_discriminativity,
                 "The model is called backdoored only when the trigger raises the probability of "
                 "the target by this much more than other words do.",
                 range(0.0, 1.0)));
}

std::unique_ptr<SearchMethod> Piccolo::prepare(const DefenseContext& context) const {
  std::map<NameEdit, std::vector<piccolo::Word>> words;
  for (const NameEdit change : config_.edits) {
    words[change] = piccolo::word_list(
        context.victim.tokenizer(), context.task, context.clean_samples,
        {.word_tokens = config_.word_tokens, .words = config_.words, .change = change},
        context.progress);
    if (words[change].empty()) {
      throw Error("defense.piccolo.no-words",
                  "the clean samples declare no name of at most " +
                      std::to_string(config_.word_tokens) + " tokens",
                  {"raise `clean_share` of the experiment or `word_tokens`"});
    }
  }
  return std::make_unique<WordSearches>(std::move(words), config_);
}

bool Piccolo::is_backdoor(const Inversion& best) const {
  return best.figures.at("soft_hit_rate") >= config_.verdict_hit_rate &&
         best.figures.at("discriminativity") >= config_.verdict_discriminativity;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Piccolo>())
