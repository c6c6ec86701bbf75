// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace ncmlab {

enum class PluginKind { model, task, attack, defense };

std::string_view to_string(PluginKind kind);
std::optional<PluginKind> plugin_kind_from_string(std::string_view name);

/// Base of the four plugin interfaces. Instances hold settings only: they are immutable and may
/// be used from several threads.
class Plugin {
 public:
  virtual ~Plugin();
};

}  // namespace ncmlab
