// SPDX-License-Identifier: Apache-2.0
#include "engine/store_path.hpp"

#include <algorithm>
#include <string>

#include "ncmlab/core/ascii.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

namespace fs = std::filesystem;

void refuse_path(const fs::path& path, std::string_view what) {
  throw Error("store.link",
              "`" + path.string() + "` is " + std::string(what) +
                  ", which ncmlab does not follow inside a store",
              {"remove it, or make the store's own folder the link, or choose another with "
               "`--store DIR`"});
}

fs::path folder_without_links(const fs::path& store, const fs::path& folder) {
  fs::path path = store;
  for (const fs::path& part : folder) {
    path /= part;
    std::error_code ignored;
    if (fs::is_symlink(fs::symlink_status(path, ignored))) {
      refuse_path(path, "a symbolic link");
    }
  }
  return path;
}

bool is_key_hash(std::string_view text) {
  constexpr std::size_t kDigits = 32;
  return text.size() == kDigits &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace ncmlab
