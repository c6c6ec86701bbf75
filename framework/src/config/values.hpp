// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab::config {

/// What a variable of the environment holds; nothing when it is not set.
using Environment = std::optional<std::string> (*)(const std::string& name);

/// Replaces `${NAME}` by the variable and `${NAME:-fallback}` by the fallback where the variable is
/// not set or empty; `$${` stands for `${`. Throws Error `config.variable` for an unset variable
/// without a fallback and for what is not closed.
std::string expand_variables(std::string_view text, Environment environment);

/// The value of a node with its variables expanded, or nothing after a problem was added. A list
/// of integers and floats becomes a list of numbers.
std::optional<Value> value_of(const toml::node& node, Problems& problems);

/// Adds the problem unless `value` fits `parameter`; `owner` is `attack badcode`, for example.
bool fits(const Parameter& parameter, Value& value, const toml::source_region& place,
          const std::string& owner, Problems& problems);

/// The values of a parameter: one, or one for each element of a list where the parameter takes a
/// scalar (a list of lists where it takes a list). Empty after a problem was added.
std::vector<Value> alternatives(const Parameter& parameter, const toml::node& node,
                                const std::string& owner, Problems& problems);

/// The settings of a table whose keys are parameters and which has no axes, but for the keys in
/// `others`, which are passed over. Problems are added.
Settings plain_settings(const std::vector<Parameter>& parameters, const toml::table& table,
                        const std::string& owner, Problems& problems,
                        const std::vector<std::string>& others = {});

/// Adds `unknown WHAT` with the candidate that is nearest to the key.
Diagnostic& add_unknown_key(const toml::key& key, const std::string& what,
                            const std::vector<std::string>& candidates, Problems& problems);

}  // namespace ncmlab::config
