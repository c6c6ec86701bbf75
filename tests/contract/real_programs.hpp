// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab::contract {

/// A small program: one function, what stands before it, and statements that call it as `NAME` and
/// print what it gives.
struct Program {
  std::string name, prelude, function, check;
};

/// The programs of `programs/LANGUAGE.txt`.
std::vector<Program> programs(Language language);

/// Why programs of the language cannot be run here; nothing where they can.
std::optional<std::string> reason_to_skip(Language language);

/// Programs to be run together, and what they are called in messages.
struct ProgramSet {
  std::string label;
  std::vector<Program> programs;
};

/// What each program of each set prints, by label and name. Compiles as few times as the language
/// allows. Throws std::runtime_error with the compiler's or the program's words when one fails.
std::map<std::string, std::map<std::string, std::string>> run_programs(
    const std::vector<ProgramSet>& sets, Language language, const std::filesystem::path& folder);

}  // namespace ncmlab::contract
