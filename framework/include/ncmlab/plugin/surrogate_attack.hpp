// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "ncmlab/plugin/attack.hpp"

namespace ncmlab {

/// An attack that needs a surrogate: a model of the attacker's own, which the engine builds as the
/// experiment says and trains on the clean training set with a seed of its own.
class SurrogateAttack : public Attack {
 public:
  ~SurrogateAttack() override;

  /// As Attack::prepare(). `surrogate` outlives the backdoor, which may run it but not change it.
  virtual std::unique_ptr<Backdoor> prepare_with(const AttackContext& context,
                                                 CodeModel& surrogate) const = 0;
  /// Throws Error `attack.no-surrogate`.
  std::unique_ptr<Backdoor> prepare(const AttackContext& context) const final;
};

}  // namespace ncmlab
