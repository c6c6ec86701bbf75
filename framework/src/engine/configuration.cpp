// SPDX-License-Identifier: Apache-2.0
#include "engine/configuration.hpp"

#include <vector>

namespace ncmlab {
namespace {

/// The seed, and hashes of stages that hold the seed: the parts of those stages stand for them.
bool depends_on_seed(const std::string& part) {
  return part == "seed" || part.starts_with("upstream.");
}

}  // namespace

std::map<std::string, std::string> configuration_of(const Plan& plan, const Cell& cell) {
  std::map<std::string, std::string> configuration;
  for (const std::size_t stage : stages_of(plan, cell)) {
    const Key& key = plan.stages[stage].key;
    for (const auto& [name, value] : key.parts()) {
      if (depends_on_seed(name)) {
        continue;
      }
      // Most parts are those of other stages too; a surrogate is another model than the victim.
      const std::string owner = name.substr(0, name.find_first_of(". "));
      const bool is_of_surrogate =
          key.stage() == "surrogate" && (owner == "model" || owner == "training");
      const auto [part, is_new] =
          configuration.emplace((is_of_surrogate ? "surrogate." : "") + name, value);
      if (!is_new && part->second != value) {
        configuration.emplace(key.stage() + "." + name, value);
      }
    }
  }
  return configuration;
}

}  // namespace ncmlab
