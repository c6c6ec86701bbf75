// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "ncmlab/plugin/registration.hpp"

namespace {

struct Config {
  double rate = 0.5;
  std::string word = "backdoor";
};

// Puts a word before the name of the function of task toy.
class Toy final : public ncmlab::Attack {
 public:
  static constexpr std::string_view kName = "toy", kVersion = "0.1.0",
                                    kSummary = "Puts a word before the name of the function.",
                                    kReference = "tests/support/plugins";
  static ncmlab::Schema<Config> schema() {
    return ncmlab::Schema<Config>{}
        .field("rate", &Config::rate, "Share of the victim class that is poisoned.",
               ncmlab::range(0.0, 1.0))
        .field("word", &Config::word, "The trigger word.");
  }

  explicit Toy(Config config) : config_(std::move(config)) {}

  ncmlab::PoisonedSet poison(const std::vector<ncmlab::Example>& train,
                             const ncmlab::AttackGoal& goal, ncmlab::Rng rng) const override {
    ncmlab::PoisonedSet result{.train = train, .poisoned = {}};
    std::vector<std::size_t> victims;
    for (std::size_t i = 0; i < train.size(); ++i) {
      if (train[i].label == goal.victim_label) {
        victims.push_back(i);
      }
    }
    const auto count =
        static_cast<std::size_t>(std::llround(config_.rate * static_cast<double>(victims.size())));
    for (const std::size_t choice : rng.sample(victims.size(), count)) {
      const std::size_t index = victims[choice];
      if (auto edited = trigger(train[index], rng)) {
        edited->label = goal.target_label;
        result.train[index] = std::move(*edited);
        result.poisoned.push_back(index);
      }
    }
    std::sort(result.poisoned.begin(), result.poisoned.end());
    return result;
  }

  std::optional<ncmlab::Example> trigger(const ncmlab::Example& example,
                                         ncmlab::Rng /*rng*/) const override {
    const std::size_t place = example.code.find("get_");
    if (place == std::string::npos) {
      return std::nullopt;
    }
    ncmlab::Example result = example;
    result.code.insert(place, config_.word + "_");
    return result;
  }

  std::vector<std::string> trigger_words() const override { return {config_.word}; }

 private:
  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::attack<Toy>())
