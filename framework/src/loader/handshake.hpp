// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab::detail {

/// Reads the exported symbols without running anything of the file. Returns what is wrong, or
/// nothing for a library that exports `ncmlab_plugin_v4`.
std::optional<Diagnostic> check_exports(const std::filesystem::path& file);

/// Differences between a plugin's stamp and the host's, field by field: "compiler: plugin `g++ 11`,
/// ncmlab `g++ 12`". Empty only if the bytes are equal.
std::vector<std::string> stamp_differences(const BuildStamp& plugin, const BuildStamp& host);

/// What is wrong with one entry: name, summary, reference, parameters, defaults.
std::vector<std::string> entry_problems(const Entry& entry);

/// A library that passed the handshake, or the reasons why it did not.
struct HandshakeResult {
  const Manifest* manifest = nullptr;  ///< valid until the process ends
  std::vector<Diagnostic> problems;
};

/// check_exports(), dlopen, stamp. The library stays loaded until the process ends.
HandshakeResult shake_hands(const std::filesystem::path& file);

}  // namespace ncmlab::detail
