// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/surrogate_attack.hpp"

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

SurrogateAttack::~SurrogateAttack() = default;

std::unique_ptr<Backdoor> SurrogateAttack::prepare(const AttackContext&) const {
  throw Error("attack.no-surrogate", "the attack needs a surrogate model and was given none");
}

}  // namespace ncmlab
