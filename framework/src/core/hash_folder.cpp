// SPDX-License-Identifier: Apache-2.0
#include "core/hash_folder.hpp"

#include <algorithm>
#include <vector>

namespace ncmlab {

namespace fs = std::filesystem;

void hash_folder(const fs::path& folder, Hasher& hasher) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    hasher.field(file.filename().string()).field(hash_file(file));
  }
}

}  // namespace ncmlab
