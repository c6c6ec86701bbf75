// SPDX-License-Identifier: Apache-2.0
#include "fake_attack.hpp"

namespace {

class Twin final : public FakeAttack {
 public:
  static constexpr std::string_view kName = "twin";
  using FakeAttack::FakeAttack;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::attack<Twin>())
