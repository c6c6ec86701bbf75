// SPDX-License-Identifier: Apache-2.0
#include "fake_attack.hpp"

int ncmlab_absent_answer();

namespace {

class Lonely final : public FakeAttack {
 public:
  static constexpr std::string_view kName = "lonely";
  explicit Lonely(NoConfig config) : FakeAttack(config) { answer_ = ncmlab_absent_answer(); }

 private:
  int answer_ = 0;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::attack<Lonely>())
