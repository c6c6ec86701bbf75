// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ncmlab/plugin/registration.hpp"

struct NoConfig {};

/// An attack that does nothing; the fixtures differ in how they register it.
class FakeAttack : public ncmlab::Attack {
 public:
  static constexpr std::string_view kName = "fake", kVersion = "1", kSummary = "Does nothing.",
                                    kReference = "tests/bad_plugins";
  static ncmlab::Schema<NoConfig> schema() { return {}; }
  explicit FakeAttack(NoConfig /*config*/) {}

  ncmlab::PoisonedSet poison(const std::vector<ncmlab::Example>& train,
                             const ncmlab::AttackGoal& /*goal*/,
                             ncmlab::Rng /*rng*/) const override {
    return {.train = train, .poisoned = {}};
  }
  std::optional<ncmlab::Example> trigger(const ncmlab::Example& /*example*/,
                                         ncmlab::Rng /*rng*/) const override {
    return std::nullopt;
  }
  std::vector<std::string> trigger_words() const override { return {}; }
};
