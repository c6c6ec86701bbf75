// SPDX-License-Identifier: Apache-2.0
#include "fake_attack.hpp"

namespace {

struct Config {
  double rate = 1.5;
  std::string name;
  bool undocumented = false;
};

class Careless final : public FakeAttack {
 public:
  static constexpr std::string_view kName = "Care-less", kVersion = "",
                                    kSummary = "Two sentences. Not one", kReference = "";
  static ncmlab::Schema<Config> schema() {
    return ncmlab::Schema<Config>{}
        .field("rate", &Config::rate, "Share of samples.", ncmlab::range(0.0, 1.0))
        .field("name", &Config::name, "A name that experiment files use.")
        .field("undocumented", &Config::undocumented, "")
        .field("undocumented", &Config::undocumented, "Again.");
  }
  explicit Careless(const Config& /*config*/) : FakeAttack(NoConfig{}) {}
};

class Careful final : public FakeAttack {
 public:
  static constexpr std::string_view kName = "careful";
  using FakeAttack::FakeAttack;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::attack<Careless>(), ncmlab::attack<Careful>())
