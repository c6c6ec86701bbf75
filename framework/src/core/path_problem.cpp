// SPDX-License-Identifier: Apache-2.0
#include "core/path_problem.hpp"

#include <algorithm>
#include <cerrno>
#include <string>

namespace ncmlab {
namespace {

/// The path, or its beginning where it is longer than a line.
std::string shortened(const std::string& path) {
  constexpr std::size_t kLongest = 80;
  return path.size() <= kLongest ? path : path.substr(0, kLongest) + "...";
}

}  // namespace

Diagnostic path_problem(const std::filesystem::filesystem_error& error) {
  const std::string path = error.path1().string();
  Diagnostic problem{
      .code = "io.path",
      .message = "cannot use the path `" + shortened(path) + "`: " + error.code().message()};
  if (error.code().value() == ENAMETOOLONG) {
    std::size_t longest = 0;
    for (const std::filesystem::path& part : error.path1()) {
      longest = std::max(longest, part.native().size());
    }
    problem.message += "; a part may have 255 bytes and the whole 4095, found " +
                       std::to_string(longest) + " and " + std::to_string(path.size());
  }
  return problem;
}

}  // namespace ncmlab
