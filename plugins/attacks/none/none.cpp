// SPDX-License-Identifier: Apache-2.0
#include "none.hpp"

#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {
namespace {

class NoBackdoor final : public Backdoor {
 public:
  PoisonedSet poison(const std::vector<Example>& train, Rng /*rng*/) const override {
    return {.train = train, .poisoned = {}};
  }
  std::optional<Example> trigger(const Example& /*example*/, const AttackGoal& /*goal*/,
                                 Rng /*rng*/) const override {
    return std::nullopt;
  }
  std::vector<std::string> trigger_words() const override { return {}; }
};

}  // namespace

std::unique_ptr<Backdoor> NoAttack::prepare(const AttackContext& /*context*/) const {
  return std::make_unique<NoBackdoor>();
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::attack<ncmlab::NoAttack>())
