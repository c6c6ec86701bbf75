// SPDX-License-Identifier: Apache-2.0
#include "dbs.hpp"

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/trigger_alphabet.hpp"

namespace ncmlab {
namespace {

std::vector<std::int64_t> whole_vocabulary(const Tokenizer& tokenizer) {
  std::vector<std::int64_t> ids;
  for (std::int64_t id = 0; id < tokenizer.vocab_size(); ++id) {
    if (!tokenizer.is_special(id) && !tokenizer.token(id).empty()) {
      ids.push_back(id);
    }
  }
  return ids;
}

TriggerAlphabet alphabet_for(const Tokenizer& tokenizer, const std::set<Language>& languages,
                             dbs::Vocabulary choice, NameEdit change) {
  if (choice == dbs::Vocabulary::all) {
    const std::vector<std::int64_t> all = whole_vocabulary(tokenizer);
    return {.first = all, .later = all};
  }
  return trigger_alphabet(
      tokenizer, choice == dbs::Vocabulary::name ? NameUse::is_name : NameUse::continues_name,
      languages, change);
}

class SoftSearches final : public SearchMethod {
 public:
  SoftSearches(std::set<Language> languages, DbsConfig config)
      : languages_(std::move(languages)), config_(std::move(config)) {}

  std::unique_ptr<TriggerSearch> begin(const SearchContext& context) const override {
    return std::make_unique<dbs::SoftTrigger>(
        context,
        alphabet_for(context.victim.tokenizer(), languages_, config_.vocabulary,
                     context.edit.change),
        dbs::SoftTriggerOptions{.trigger_length = config_.trigger_length,
                                .learning_rate = config_.learning_rate,
                                .halving_epochs = config_.halving_epochs,
                                .noise = config_.noise,
                                .bound = {.temperature = config_.temperature,
                                          .check_epochs = config_.check_epochs,
                                          .barrier = config_.barrier,
                                          .rollbacks = config_.rollbacks,
                                          .one_hot_tolerance = config_.one_hot_tolerance}});
  }

 private:
  std::set<Language> languages_;
  DbsConfig config_;
};

}  // namespace

Dbs::Dbs(DbsConfig config)
    : TriggerInversion(kName, config,
                       {.trigger_length = config.trigger_length, .epochs = config.epochs}),
      config_(config) {}

Schema<DbsConfig> Dbs::schema() {
  using C = DbsConfig;
  Schema<C> samples = sample_fields(Schema<C>{})
                          .field("vocabulary", &C::vocabulary,
                                 "Tokens of the trigger: all but the special ones, those that may "
                                 "continue a name, or only those that are a name of their own.");
  Schema<C> search =
      position_fields(std::move(samples))
          .field("trigger_length", &C::trigger_length, "Tokens of the trigger.", range(1, 64))
          .field("epochs", &C::epochs, "Steps of each inversion.", range(0, 100'000))
          .field("learning_rate", &C::learning_rate, "Rate of Adam.", range(0.0, 1'000.0))
          .field("halving_epochs", &C::halving_epochs,
                 "After each so many epochs the rate is halved.", range(1, 100'000))
          .field("temperature", &C::temperature,
                 "Temperature of the softmax at the start, and the highest.", range(1e-6, 1'000.0))
          .field("check_epochs", &C::check_epochs, "Epochs between two changes of the temperature.",
                 range(1, 100'000))
          .field("barrier", &C::barrier,
                 "Loss below which the temperature falls; a new best trigger halves its own.",
                 at_least(0))
          .field("noise", &C::noise,
                 "Noise on the logits where the loss is not below the barrier: uniform, from 0 to "
                 "this.",
                 at_least(0))
          .field("rollbacks", &C::rollbacks,
                 "Failures without a new best trigger after which the barrier is doubled.",
                 range(1, 100'000))
          .field("one_hot_tolerance", &C::one_hot_tolerance,
                 "What the highest weights of a best trigger's tokens, summed, may lack to their "
                 "number.",
                 at_least(0));
  return unlearning_fields(
      persistence_field(
          direction_field(std::move(search))
              .field(
                  "verdict", &C::verdict,
                  "Whether persistence decides, or the loss of a nearly one-hot trigger; both are "
                  "those of the pair of labels that is taken."))
          .field("verdict_loss", &C::verdict_loss,
                 "The model is called backdoored when the loss of the nearly one-hot trigger is "
                 "below this.",
                 at_least(0), only_where("verdict", "loss")));
}

std::unique_ptr<SearchMethod> Dbs::prepare(const DefenseContext& context) const {
  std::set<Language> languages;
  for (const Example& example : context.clean_samples) {
    languages.insert(example.language);
  }
  for (const NameEdit change : config_.edits) {
    const TriggerAlphabet alphabet =
        alphabet_for(context.victim.tokenizer(), languages, config_.vocabulary, change);
    if (alphabet.first.empty() || alphabet.later.empty()) {
      throw Error("defense.dbs.no-vocabulary",
                  "the model's tokenizer has no token that `vocabulary` leaves",
                  {"set `vocabulary = \"all\"`"});
    }
  }
  return std::make_unique<SoftSearches>(std::move(languages), config_);
}

bool Dbs::is_backdoor(const Inversion& best) const {
  if (config_.verdict == dbs::Verdict::loss) {
    return best.figures.at("one_hot") == 1 && best.figures.at("soft_loss") < config_.verdict_loss;
  }
  return best.persistence >= config_.verdict_persistence;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Dbs>())
