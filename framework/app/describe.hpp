// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "loader/catalogue.hpp"

namespace ncmlab::app {

/// What `plugins list` and `plugins describe` print, from the entries alone.
std::string list_as_text(const std::vector<const LoadedPlugin*>& plugins);
std::string list_as_json(const std::vector<const LoadedPlugin*>& plugins);

std::string describe_as_text(const LoadedPlugin& plugin);
std::string describe_as_json(const LoadedPlugin& plugin);
/// A heading, the summary and a table of the parameters.
std::string describe_as_markdown(const LoadedPlugin& plugin);
/// A block for an experiment file with every parameter at its default.
std::string describe_as_toml(const LoadedPlugin& plugin);

/// Rows as columns of equal width, two blanks apart, without blanks at the ends of lines.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace ncmlab::app
