// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <filesystem>
#include <memory>
#include <string>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/plugin.hpp"

namespace ncmlab {

/// Which plugin a message is about.
struct PluginOrigin {
  PluginKind kind = PluginKind::model;
  std::string name;            ///< empty while its library is being loaded
  std::filesystem::path file;  ///< the library

  /// "attack `badcode`"; of a library that is being loaded "a plugin library".
  std::string text() const;
};

/// A time in which code of a plugin runs. At its end everything that plugin.hpp promises to put
/// back is put back; calls within calls leave the process's state to the outermost. While one is
/// there, a call of `exit` ends the process with a message that names the plugin and exit code 1.
class PluginCall {
 public:
  /// `origin` and `function` outlive the call. `function` is a name such as `prepare`.
  PluginCall(const PluginOrigin& origin, const char* function);
  ~PluginCall();
  PluginCall(const PluginCall&) = delete;
  PluginCall& operator=(const PluginCall&) = delete;

  const PluginOrigin& origin() const { return origin_; }
  const char* function() const { return function_; }

 private:
  struct ThreadState;
  struct ProcessState;

  const PluginOrigin& origin_;
  const char* function_;
  const PluginCall* outer_;
  std::unique_ptr<ThreadState> thread_;
  std::unique_ptr<ProcessState> process_;  ///< of the outermost call alone
};

/// The first line of what an exception says: LibTorch's messages go on with a stack.
std::string first_line(const std::exception& error);

/// Throws what is being handled again as an Error that names the plugin and its library: an Error
/// keeps codes, messages, helps, notes and places; of what is none the code is `plugin.threw`. What
/// is named already and Cancelled stay as they are.
[[noreturn]] void rethrow_named(const PluginOrigin& origin, const char* function);

/// What `work`, code of the plugin, returns.
template <typename Work>
auto call_plugin(const PluginOrigin& origin, const char* function, const Work& work) {
  const PluginCall call(origin, function);
  try {
    return work();
  } catch (...) {
    rethrow_named(origin, function);
  }
}

}  // namespace ncmlab
