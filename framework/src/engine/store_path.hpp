// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace ncmlab {

/// `store` / `folder`. The store itself may be a link of its owner; below it others may have put
/// links, and what is written or removed through one would be theirs to choose: Error `store.link`
/// where one of the parts of `folder` is a symbolic link.
std::filesystem::path folder_without_links(const std::filesystem::path& store,
                                           const std::filesystem::path& folder);

/// Throws Error `store.link`: `path` is `what`, for example `a symbolic link`.
[[noreturn]] void refuse_path(const std::filesystem::path& path, std::string_view what);

/// 32 lower-case hexadecimal digits, as Key::hash() gives them.
bool is_key_hash(std::string_view text);

}  // namespace ncmlab
