// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

/// Folders with real data sets and recorded reference outputs that are not part of the project.
/// NCMLAB_DATA and NCMLAB_GOLDEN name them; by default they lie in `../shared` beside the checkout.
inline std::filesystem::path shared_folder(const char* variable, const char* fallback) {
  const char* value = std::getenv(variable);
  return value != nullptr ? std::filesystem::path(value)
                          : std::filesystem::path("..") / "shared" / fallback;
}
inline std::filesystem::path real_data() { return shared_folder("NCMLAB_DATA", "data"); }
inline std::filesystem::path golden_data() { return shared_folder("NCMLAB_GOLDEN", "golden"); }

/// Skips the test, saying which folder is missing and how to name it.
#define NCMLAB_NEEDS(path)                                                             \
  if (!std::filesystem::exists(path)) {                                                \
    GTEST_SKIP() << "needs " << (path).string()                                        \
                 << ", which is not part of ncmlab (set NCMLAB_DATA / NCMLAB_GOLDEN)"; \
  }
