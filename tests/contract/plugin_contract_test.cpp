// SPDX-License-Identifier: Apache-2.0
// What holds for plugins of every kind.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "contract_plugins.hpp"

namespace ncmlab::contract {
namespace {

using KindAndName = std::pair<PluginKind, std::string>;

std::vector<KindAndName> everything() {
  std::vector<KindAndName> all;
  for (const LoadedPlugin& plugin : catalogue().plugins()) {
    all.emplace_back(plugin.entry.kind, plugin.entry.name);
  }
  return all;
}

class PluginContract : public testing::TestWithParam<KindAndName> {
 protected:
  const Entry& entry() const {
    return catalogue().find(GetParam().first, GetParam().second)->entry;
  }
};

bool is_sentence(const std::string& text) { return text.size() > 10 && text.back() == '.'; }

TEST_P(PluginContract, DescribesItself) {
  EXPECT_TRUE(std::regex_match(entry().name, std::regex("[a-z][a-z0-9_]{1,31}")));
  EXPECT_TRUE(std::regex_match(entry().version, std::regex("[0-9]+\\.[0-9]+\\.[0-9]+")));
  EXPECT_TRUE(is_sentence(entry().summary)) << entry().summary;
  EXPECT_FALSE(entry().reference.empty());
}

TEST_P(PluginContract, DescribesItsParameters) {
  std::set<std::string> seen;
  for (const Parameter& parameter : entry().parameters) {
    EXPECT_TRUE(std::regex_match(parameter.name, std::regex("[a-z][a-z0-9_]*"))) << parameter.name;
    EXPECT_TRUE(is_sentence(parameter.doc)) << parameter.name << ": " << parameter.doc;
    EXPECT_TRUE(seen.insert(parameter.name).second) << parameter.name << " stands twice";
  }
}

TEST_P(PluginContract, DefaultsAreValidAndCreateIt) {
  for (const Parameter& parameter : entry().parameters) {
    Value value = parameter.default_value;
    EXPECT_EQ(check(parameter, value), std::nullopt) << parameter.name;
  }
  const bool needs_more =
      std::any_of(entry().parameters.begin(), entry().parameters.end(),
                  [](const Parameter& parameter) { return parameter.required; });
  if (!needs_more) {
    EXPECT_NE(catalogue().create<Plugin>(entry().kind, entry().name, {}), nullptr);
  }
}

TEST_P(PluginContract, RefusesUnknownAndOutOfRangeSettings) {
  EXPECT_THROW(catalogue().create<Plugin>(entry().kind, entry().name, {{"no_such_thing", true}}),
               Error);
  for (const Parameter& parameter : entry().parameters) {
    Value value = parameter.default_value;
    if (std::holds_alternative<std::string>(value) && !parameter.choices.empty()) {
      value = std::string("no such choice");
    } else if (auto* number = std::get_if<double>(&value); number && parameter.minimum) {
      *number = *parameter.minimum - 1;
    } else if (auto* integer = std::get_if<std::int64_t>(&value); integer && parameter.minimum) {
      *integer = static_cast<std::int64_t>(*parameter.minimum) - 1;
    } else {
      continue;
    }
    EXPECT_THROW(catalogue().create<Plugin>(entry().kind, entry().name, {{parameter.name, value}}),
                 Error)
        << parameter.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, PluginContract, testing::ValuesIn(everything()),
                         [](const auto& info) {
                           return std::string(to_string(info.param.first)) + "_" +
                                  info.param.second;
                         });

TEST(CatalogueTest, HoldsTheControls) {
  EXPECT_NE(catalogue().find(PluginKind::attack, "none"), nullptr);
  EXPECT_NE(catalogue().find(PluginKind::defense, "none"), nullptr);
}

}  // namespace
}  // namespace ncmlab::contract
