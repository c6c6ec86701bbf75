// SPDX-License-Identifier: Apache-2.0
#include "none.hpp"

#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {

PoisonedSet NoAttack::poison(const std::vector<Example>& train, const AttackGoal&, Rng) const {
  return {.train = train, .poisoned = {}};
}

std::optional<Example> NoAttack::trigger(const Example&, Rng) const { return std::nullopt; }

std::vector<std::string> NoAttack::trigger_words() const { return {}; }

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::attack<ncmlab::NoAttack>())
