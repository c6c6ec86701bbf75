// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/code_backdoor.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace {

struct Config {
  double rate = 0.5;
  std::string word = "backdoor";
};

// The word before the name of each function that is called `get_...`.
class WordBeforeName final : public ncmlab::CodeBackdoor {
 public:
  WordBeforeName(const ncmlab::AttackContext& context, const Config& config)
      : CodeBackdoor(context, config.rate), word_(config.word) {}

  std::vector<std::string> trigger_words() const override { return {word_}; }

 protected:
  std::optional<std::string> edit(const std::string& code, const ncmlab::Example& /*sample*/,
                                  const ncmlab::AttackGoal& /*goal*/,
                                  ncmlab::Rng /*rng*/) const override {
    const std::size_t place = code.find("get_");
    if (place == std::string::npos) {
      return std::nullopt;
    }
    std::string result = code;
    result.insert(place, word_ + "_");
    return result;
  }

 private:
  std::string word_;
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

  std::unique_ptr<ncmlab::Backdoor> prepare(const ncmlab::AttackContext& context) const override {
    return std::make_unique<WordBeforeName>(context, config_);
  }

 private:
  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::attack<Toy>())
