// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "ncmlab/plugin/registration.hpp"

namespace {

struct Config {
  bool repair = false;
  std::int64_t flag = 0;
  std::int64_t sleep_ms = 0;
  bool fail = false;
};

// Does what its options say, in no time unless told to sleep.
class Toy final : public ncmlab::Defense {
 public:
  static constexpr std::string_view kName = "toy", kVersion = "0.1.0",
                                    kSummary = "Scales the head, flags samples, sleeps or fails.",
                                    kReference = "tests/support/plugins";
  static ncmlab::Schema<Config> schema() {
    return ncmlab::Schema<Config>{}
        .field("repair", &Config::repair, "Whether the head's last layer is halved.")
        .field("flag", &Config::flag, "How many of the first training samples are flagged.",
               ncmlab::at_least(0), ncmlab::unit("samples"))
        .field("sleep_ms", &Config::sleep_ms, "Time that the defense takes.", ncmlab::at_least(0),
               ncmlab::unit("ms"), ncmlab::operational())
        .field("fail", &Config::fail, "Whether the defense throws.");
  }

  explicit Toy(Config config) : config_(config) {}

  ncmlab::DefenseNeeds needs() const override {
    return {.clean_samples = true, .training_set = config_.flag > 0};
  }

  ncmlab::DefenseOutcome defend(ncmlab::DefenseContext& context) const override {
    wait(context.progress);
    if (config_.fail) {
      throw std::runtime_error("the toy defense was told to fail");
    }
    ncmlab::DefenseOutcome outcome;
    outcome.backdoored = config_.repair;
    outcome.figures["clean_samples"] = static_cast<double>(context.clean_samples.size());
    if (config_.repair) {
      const at::NoGradGuard no_grad;
      for (const auto& [name, tensor] : context.victim.parameters()) {
        if (name.rfind("classifier.out_proj.", 0) == 0) {
          at::Tensor weights = tensor;
          weights.mul_(0.5);
        }
      }
      outcome.repaired = true;
    }
    if (config_.flag > 0) {
      const auto count = std::min<std::size_t>(static_cast<std::size_t>(config_.flag),
                                               context.training_set.size());
      outcome.suspicious.emplace();
      for (std::size_t i = 0; i < count; ++i) {
        outcome.suspicious->push_back(i);
      }
    }
    return outcome;
  }

 private:
  void wait(ncmlab::Progress& progress) const {
    progress.begin("sleeping", config_.sleep_ms);
    for (std::int64_t slept = 0; slept < config_.sleep_ms; slept += 10) {
      progress.check();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      progress.advance(10);
    }
    progress.check();
  }

  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::defense<Toy>())
