// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "loader/catalogue.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/plugin/attack.hpp"

namespace ncmlab::contract {

/// The plugins of the build, loaded as `ncmlab` loads them.
const Catalogue& catalogue();

/// The names of a kind's plugins, for INSTANTIATE_TEST_SUITE_P.
std::vector<std::string> names(PluginKind kind);

/// The defaults of a plugin, with those parameters lowered that only make it take longer.
Settings quick_settings(const Entry& entry);

/// An instance with quick_settings() and `changes`.
template <typename Interface>
std::shared_ptr<Interface> create(PluginKind kind, const std::string& name, Settings changes = {}) {
  Settings settings = quick_settings(catalogue().find(kind, name)->entry);
  for (auto& [key, value] : changes) {
    settings[key] = value;
  }
  return catalogue().create<Interface>(kind, name, settings);
}

struct AttackVariant {
  std::string setting;  ///< `PARAMETER=CHOICE`, empty for the defaults
  std::shared_ptr<Attack> attack;
};

/// An attack with its defaults, and with each other choice of each of its parameters, of which the
/// edits depend on all but `rate_of`.
std::vector<AttackVariant> variants(const std::string& attack);

/// Samples that a plugin may meet: empty, other line ends, other scripts, no UTF-8, syntax errors,
/// a megabyte of code, and one in each language; both labels.
std::vector<Example> odd_samples();

inline std::string test_name(const testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace ncmlab::contract
