// SPDX-License-Identifier: Apache-2.0
#include "elibadcode.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "anchoring.hpp"
#include "greedy_coordinate_gradient.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/trigger_alphabet.hpp"

namespace ncmlab {
namespace elibadcode {
namespace {

/// Stages 3 and 4 of one hypothesis. The restarts take turns, an epoch each.
class GreedySearch final : public TriggerSearch {
 public:
  GreedySearch(const SearchContext& context, TriggerAlphabet alphabet,
               const EliBadCodeConfig& config)
      : context_(context), alphabet_(std::move(alphabet)), config_(config) {
    const auto allowed = [this](const TriggerIds& trigger) {
      return !config_.proper_spelling || context_.spelling.is_proper(trigger);
    };
    for (std::int64_t restart = 0; restart < config.restarts; ++restart) {
      starts_.emplace_back(context.loss_of.scorer(), alphabet_, allowed,
                           SearchOptions{.trigger_length = config.trigger_length,
                                         .top_k = config.top_k,
                                         .candidates = config.candidates,
                                         .reference_scoring = config.scoring == Scoring::reference},
                           context.rng.stream("search", static_cast<std::uint64_t>(restart)));
    }
  }

  void advance(std::int64_t epochs) override {
    for (std::int64_t i = 0; i < epochs; ++i, ++turn_) {
      GreedyCoordinateGradient& start = starts_[turn_ % starts_.size()];
      if (best().loss < config_.stop_loss || !start.step(context_.progress)) {
        context_.progress.advance();  // an epoch that is not needed
      }
    }
  }

  FoundTriggers found() override {
    FoundTriggers found{.best = best()};
    for (const GreedyCoordinateGradient& start : starts_) {
      found.epochs += start.epochs();
      found.candidates += start.candidates();
      found.visited.insert(found.visited.end(), start.visited().begin(), start.visited().end());
    }
    return found;
  }

  TriggerIds purified(const TriggerIds& trigger,
                      const std::function<double(const TriggerIds&)>& loss_of) const override {
    return anchor(trigger, keeps_first(context_.edit.change), config_.beta, loss_of);
  }

 private:
  const ScoredTrigger& best() const {
    return std::ranges::min_element(
               starts_, {}, [](const GreedyCoordinateGradient& start) { return start.best().loss; })
        ->best();
  }

  const SearchContext& context_;
  TriggerAlphabet alphabet_;
  EliBadCodeConfig config_;
  std::deque<GreedyCoordinateGradient> starts_;
  std::size_t turn_ = 0;
};

class GreedySearches final : public SearchMethod {
 public:
  GreedySearches(std::set<Language> languages, EliBadCodeConfig config)
      : languages_(std::move(languages)), config_(std::move(config)) {}

  std::unique_ptr<TriggerSearch> begin(const SearchContext& context) const override {
    return std::make_unique<GreedySearch>(
        context,
        trigger_alphabet(context.victim.tokenizer(), config_.vocabulary, languages_,
                         context.edit.change),
        config_);
  }

 private:
  std::set<Language> languages_;
  EliBadCodeConfig config_;
};

}  // namespace
}  // namespace elibadcode

EliBadCode::EliBadCode(EliBadCodeConfig config)
    : TriggerInversion(kName, config,
                       {.trigger_length = config.trigger_length,
                        .epochs = config.restarts * config.epochs,
                        .margin = config.beta}),
      config_(config) {}

Schema<EliBadCodeConfig> EliBadCode::schema() {
  using C = EliBadCodeConfig;
  Schema<C> samples =
      sample_fields(Schema<C>{})
          .field("vocabulary", &C::vocabulary,
                 "Tokens of the trigger: those that may continue a name, or only those that are a "
                 "name of their own.")
          .field("proper_spelling", &C::proper_spelling,
                 "Whether only triggers are tried that the tokenizer would make of their own text, "
                 "so that what is found is what the model sees of it in code.");
  Schema<C> search =
      contrast_fields(position_fields(std::move(samples)))
          .field("trigger_length", &C::trigger_length, "Tokens of the trigger before anchoring.",
                 range(1, 64))
          .field("epochs", &C::epochs, "Epochs of each search.", range(0, 100'000))
          .field("top_k", &C::top_k, "Tokens per position that an epoch draws from.",
                 range(1, 100'000))
          .field("candidates", &C::candidates, "Triggers that an epoch evaluates.",
                 range(1, 100'000))
          .field("restarts", &C::restarts,
                 "Searches per direction, each from a random start; the best trigger is kept.",
                 range(1, 1'000))
          .field("stop_loss", &C::stop_loss, "A search ends once its best loss is below this.",
                 at_least(0))
          .field("scoring", &C::scoring,
                 "How candidates are evaluated; both ways choose the same trigger.")
          .field("beta", &C::beta,
                 "Anchoring drops tokens while the loss stays within this of the whole trigger's.",
                 at_least(0));
  return unlearning_fields(persistence_field(direction_field(std::move(search))));
}

std::unique_ptr<SearchMethod> EliBadCode::prepare(const DefenseContext& context) const {
  std::set<Language> languages;
  for (const Example& example : context.clean_samples) {
    languages.insert(example.language);
  }
  for (const NameEdit change : config_.edits) {
    const TriggerAlphabet alphabet =
        trigger_alphabet(context.victim.tokenizer(), config_.vocabulary, languages, change);
    if (alphabet.first.empty() || alphabet.later.empty()) {
      throw Error("defense.elibadcode.no-vocabulary",
                  "the model's tokenizer has no token that may stand in a name");
    }
  }
  return std::make_unique<elibadcode::GreedySearches>(std::move(languages), config_);
}

bool EliBadCode::is_backdoor(const Inversion& best) const {
  return best.persistence >= config_.verdict_persistence;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::EliBadCode>())
