// SPDX-License-Identifier: Apache-2.0
#include "elibadcode.hpp"

#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "anchoring.hpp"
#include "greedy_coordinate_gradient.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {
namespace {

/// Stages 3 and 4.
class GreedySearch final : public TriggerSearch {
 public:
  GreedySearch(std::vector<std::int64_t> vocabulary, EliBadCodeConfig config)
      : vocabulary_(std::move(vocabulary)), config_(config) {}

  FoundTriggers search(const SearchContext& context) override {
    const elibadcode::SearchOptions options{
        .trigger_length = config_.trigger_length,
        .epochs = config_.epochs,
        .top_k = config_.top_k,
        .candidates = config_.candidates,
        .stop_loss = config_.stop_loss,
        .reference_scoring = config_.scoring == elibadcode::Scoring::reference};
    FoundTriggers found;
    for (std::int64_t restart = 0; restart < config_.restarts; ++restart) {
      const elibadcode::SearchResult result = elibadcode::search_trigger(
          context.loss_of.scorer(), vocabulary_, options,
          context.rng.stream("search", static_cast<std::uint64_t>(restart)), context.progress);
      // The epochs that an early end has saved.
      context.progress.advance(config_.epochs - result.epochs);
      found.epochs += result.epochs;
      found.candidates += result.candidates;
      found.visited.insert(found.visited.end(), result.visited.begin(), result.visited.end());
      if (restart == 0 || result.best.loss < found.best.loss) {
        found.best = result.best;
      }
    }
    return found;
  }

  TriggerIds purified(const TriggerIds& trigger,
                      const std::function<double(const TriggerIds&)>& loss_of) const override {
    return elibadcode::anchor(trigger, config_.beta, loss_of);
  }

 private:
  std::vector<std::int64_t> vocabulary_;
  EliBadCodeConfig config_;
};

}  // namespace

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
                 "name of their own.");
  Schema<C> search =
      position_fields(std::move(samples))
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

std::unique_ptr<TriggerSearch> EliBadCode::prepare(const DefenseContext& context) const {
  std::set<Language> languages;
  for (const Example& example : context.clean_samples) {
    languages.insert(example.language);
  }
  auto tokens = name_vocabulary(context.victim.tokenizer(), config_.vocabulary, languages);
  if (tokens.empty()) {
    throw Error("defense.elibadcode.no-vocabulary",
                "the model's tokenizer has no token that may stand in a name");
  }
  return std::make_unique<GreedySearch>(std::move(tokens), config_);
}

bool EliBadCode::is_backdoor(const Inversion& best) const {
  return best.persistence >= config_.verdict_persistence;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::EliBadCode>())
