// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "ncmlab/plugin/registration.hpp"

struct NoConfig {};

/// An attack that does nothing; the fixtures differ in how they register it.
class FakeAttack : public ncmlab::Attack {
 public:
  static constexpr std::string_view kName = "fake", kVersion = "1", kSummary = "Does nothing.",
                                    kReference = "tests/bad_plugins";
  static ncmlab::Schema<NoConfig> schema() { return {}; }
  explicit FakeAttack(NoConfig /*config*/) {}

  std::unique_ptr<ncmlab::Backdoor> prepare(
      const ncmlab::AttackContext& /*context*/) const override {
    return nullptr;
  }
};
