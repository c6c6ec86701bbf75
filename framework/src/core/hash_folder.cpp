// SPDX-License-Identifier: Apache-2.0
#include "core/hash_folder.hpp"

#include <algorithm>
#include <system_error>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

namespace fs = std::filesystem;

void hash_folder(const fs::path& folder, Hasher& hasher) {
  std::vector<fs::path> files;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    if (entry.is_regular_file()) {
      files.push_back(entry.path());
    }
  }
  if (failure) {
    throw Error("io.read",
                "cannot read the folder `" + folder.string() + "`: " + failure.message());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    hasher.field(file.filename().string()).field(hash_file(file));
  }
}

}  // namespace ncmlab
