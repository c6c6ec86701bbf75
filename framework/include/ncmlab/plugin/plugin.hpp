// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "ncmlab/core/enum_names.hpp"

namespace ncmlab {

enum class PluginKind { model, task, attack, defense };

constexpr auto enum_names(PluginKind) {
  using enum PluginKind;
  return std::to_array<EnumName<PluginKind>>(
      {{model, "model"}, {task, "task"}, {attack, "attack"}, {defense, "defense"}});
}

/// Base of the four plugin interfaces. Instances hold settings only: they are immutable and may
/// be used from several threads.
///
/// What a plugin throws ends the cells that need it, with a message that names the plugin and its
/// library; throw Error with a code, a help and notes of your own. After every call the host puts
/// back what is the whole process's: grad and inference mode, the number of threads, the state of
/// LibTorch's default CPU generator, its deterministic and denormal settings and default type, the
/// rounding mode, the working folder, the locale, and the handlers of SIGINT and SIGTERM. A call
/// of `exit` is reported under the plugin's name; `_exit`, `abort` and signals end the process
/// without a word of the host, and environment and open files stay as a plugin leaves them.
class Plugin {
 public:
  virtual ~Plugin();
};

}  // namespace ncmlab
