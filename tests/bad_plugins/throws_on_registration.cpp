// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "fake_attack.hpp"

namespace {

class Hasty final : public FakeAttack {
 public:
  static constexpr std::string_view kName = "hasty";
  static ncmlab::Schema<NoConfig> schema() { throw std::runtime_error("no schema today"); }
  using FakeAttack::FakeAttack;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::attack<Hasty>())
