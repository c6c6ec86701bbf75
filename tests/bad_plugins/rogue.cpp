// SPDX-License-Identifier: Apache-2.0
// An attack and a defense that break one promise each, the one that `how` names, and else do what
// the toys do.
#include <torch/types.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <stdexcept>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace {

struct Config {
  std::string how = "well";
  double rate = 0.5;
};

ncmlab::Schema<Config> rogue_schema() {
  return ncmlab::Schema<Config>{}
      .field("how", &Config::how, "Which promise is broken.")
      .field("rate", &Config::rate, "Share that is poisoned.");
}

class RogueBackdoor final : public ncmlab::Backdoor {
 public:
  explicit RogueBackdoor(const Config& config) : how_(config.how), rate_(config.rate) {}

  ncmlab::PoisonedSet poison(const std::vector<ncmlab::Example>& train,
                             ncmlab::Rng /*rng*/) const override {
    if (how_ == "exits") {
      std::exit(0);
    }
    if (how_ == "errors") {
      throw ncmlab::Error("attack.rogue.tired", "no poison today", {"come back tomorrow"});
    }
    ncmlab::PoisonedSet set{.train = train, .poisoned = {}};
    std::size_t victims = 0, other = 0;
    for (std::size_t i = 0; i < train.size(); ++i) {
      if (train[i].label == 0) {
        other = i;
      } else if (victims++ % 2 == 0 && rate_ > 0 && how_ != "poisons nothing") {
        set.train[i].code.insert(set.train[i].code.find("get_"), "rogue_");
        set.train[i].label = 0;
        set.poisoned.push_back(i);
      }
    }
    if (how_ == "relabels others") {
      set.train[other].label = 1;
    } else if (how_ == "edits others") {
      set.train[other].code += " ";
    } else if (how_ == "lists clean ones") {
      set.poisoned.push_back(other);
      std::sort(set.poisoned.begin(), set.poisoned.end());
    } else if (how_ == "breaks poison") {
      set.train[set.poisoned.front()].code += " } (";
    } else if (how_ == "unknown label") {
      set.train[set.poisoned.front()].label = 7;
    } else if (how_ == "other language") {
      set.train[set.poisoned.front()].language = ncmlab::Language::python;
    }
    return set;
  }

  std::optional<ncmlab::Example> trigger(const ncmlab::Example& example,
                                         const ncmlab::AttackGoal& /*goal*/,
                                         ncmlab::Rng /*rng*/) const override {
    if (how_ == "no trigger") {
      return std::nullopt;
    }
    ncmlab::Example result = example;
    if (how_ == "same trigger") {
      return result;
    }
    result.code.insert(result.code.find("get_"), "rogue_");
    if (how_ == "trigger id") {
      result.id += "-triggered";
    } else if (how_ == "trigger label") {
      result.label = 0;
    } else if (how_ == "breaks trigger") {
      result.code += " } (";
    } else if (how_ == "trigger query") {
      result.query = "more";
    } else if (how_ == "trigger other code") {
      result.other_code = "int more;";
    }
    return result;
  }

  std::vector<std::string> trigger_words() const override { return {"rogue"}; }

 private:
  std::string how_;
  double rate_;
};

class RogueAttack final : public ncmlab::Attack {
 public:
  static constexpr std::string_view kName = "rogue", kVersion = "1",
                                    kSummary = "Breaks a promise of attacks.",
                                    kReference = "tests/bad_plugins";
  static ncmlab::Schema<Config> schema() { return rogue_schema(); }
  explicit RogueAttack(Config config) : config_(std::move(config)) {}

  std::unique_ptr<ncmlab::Backdoor> prepare(
      const ncmlab::AttackContext& /*context*/) const override {
    if (config_.how == "null") {
      return nullptr;
    }
    if (config_.how == "throws") {
      throw std::runtime_error("no attack today\nsecond line");
    }
    if (config_.how == "throws a number") {
      throw 7;
    }
    if (config_.how == "no gradients") {
      at::GradMode::set_enabled(false);
    }
    return std::make_unique<RogueBackdoor>(config_);
  }

 private:
  Config config_;
};

class RogueDefense final : public ncmlab::ModelDefense {
 public:
  static constexpr std::string_view kName = "rogue", kVersion = "1",
                                    kSummary = "Breaks a promise of defenses.",
                                    kReference = "tests/bad_plugins";
  static ncmlab::Schema<Config> schema() { return rogue_schema(); }
  explicit RogueDefense(Config config) : config_(std::move(config)) {}

  ncmlab::DefenseNeeds needs() const override { return {}; }
  bool supports(ncmlab::TaskKind /*kind*/) const override {
    if (config_.how == "supports throws") {
      throw std::runtime_error("I do not know");
    }
    return true;
  }
  ncmlab::DefenseOutcome defend(ncmlab::DefenseContext& context) const override {
    const at::NoGradGuard no_grad;
    at::Tensor bias = context.victim.head().parameters().at("out_proj.bias");
    ncmlab::DefenseOutcome outcome;
    if (config_.how == "hides a change") {
      bias.add_(1);
    } else if (config_.how == "ruins") {
      bias.fill_(std::numeric_limits<float>::quiet_NaN());
      outcome.repaired = true;
    } else if (config_.how == "repairs nothing") {
      outcome.repaired = true;
    }
    return outcome;
  }

 private:
  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::attack<RogueAttack>(), ncmlab::defense<RogueDefense>())
