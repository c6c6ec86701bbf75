// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "fake_attack.hpp"

namespace {

struct Config {
  std::int64_t kind = 0;
};

class Explosive final : public FakeAttack {
 public:
  static constexpr std::string_view kName = "explosive";
  static ncmlab::Schema<Config> schema() {
    return ncmlab::Schema<Config>{}.field("kind", &Config::kind, "What is thrown.");
  }
  explicit Explosive(const Config& config) : FakeAttack(NoConfig{}) {
    if (config.kind == 1) {
      throw 42;
    }
    throw std::runtime_error("the fuse was lit");
  }
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::attack<Explosive>())
