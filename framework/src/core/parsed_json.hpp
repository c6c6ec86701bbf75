// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/json_depth.hpp"

namespace ncmlab {

/// How an Error tells of JSON that does not hold what ncmlab wrote: "`ORIGIN` PROBLEM: REASON".
struct BadJson {
  const char* code = "";
  const char* problem = "is damaged";
  const char* help = "";  ///< empty: none

  [[noreturn]] void refuse(const std::string& origin, const std::string& reason) const {
    std::vector<std::string> lines;
    if (*help != '\0') {
      lines.emplace_back(help);
    }
    throw Error(code, "`" + origin + "` " + problem + ": " + reason, std::move(lines));
  }
};

/// What `take` makes of the JSON in `text`. Throws the Error of `bad` for text that is no JSON or
/// nests deeper than kDeepestJson levels, and where `take` throws a nlohmann::json::exception.
template <typename Take>
auto take_json(const std::string& text, const std::string& origin, const BadJson& bad,
               const Take& take) {
  if (const std::string too_deep = too_deep_json(text); !too_deep.empty()) {
    bad.refuse(origin, too_deep);
  }
  try {
    return take(nlohmann::json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    bad.refuse(origin, error.what());
  }
}

/// The same for the text of a file, which the Error names. Throws Error `io.read`, too.
template <typename Take>
auto take_json_file(const std::filesystem::path& file, const BadJson& bad, const Take& take) {
  return take_json(read_file(file), file.string(), bad, take);
}

}  // namespace ncmlab
