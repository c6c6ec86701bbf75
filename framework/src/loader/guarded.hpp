// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "loader/plugin_call.hpp"
#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/plugin.hpp"

namespace ncmlab {

/// `instance` behind a wrapper of the same interfaces (SurrogateAttack and TaskWriter among them)
/// that makes every call a PluginCall. What an attack prepares is wrapped, too. An instance that
/// does not implement its kind comes back as it is.
std::shared_ptr<Plugin> guarded(std::shared_ptr<Plugin> instance, PluginOrigin origin);

/// Where a guarded instance comes from; null for any other.
const PluginOrigin* origin_of(const Plugin& plugin);

/// An error that begins with the plugin's name and names its library: "attack `x` returned ...".
Error blame(const Plugin& plugin, std::string code, const std::string& what,
            std::vector<std::string> help = {});

/// CodeBackdoor::foresee_triggers() of a guarded backdoor that has it.
void foresee_triggers(const Backdoor& backdoor, const std::vector<Example>& samples,
                      const AttackGoal& goal, const Rng& rng);

}  // namespace ncmlab
