// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ncmlab {

/// The texts of `items`, or what `text` makes of them, with `separator` between two.
template <typename Items, typename Text = std::identity>
std::string joined(const Items& items, std::string_view separator, const Text& text = {}) {
  std::string result;
  bool is_first = true;
  for (const auto& item : items) {
    result += is_first ? std::string_view() : separator;
    result += std::invoke(text, item);
    is_first = false;
  }
  return result;
}

/// What stands between the separators: one text more than there are separators.
std::vector<std::string> split_at(std::string_view text, char separator);

/// joined() with each text in backticks: "`a`, `b`".
template <typename Items, typename Text = std::identity>
std::string ticked_list(const Items& items, std::string_view separator = ", ",
                        const Text& text = {}) {
  return joined(items, separator,
                [&](const auto& item) { return "`" + std::string(std::invoke(text, item)) + "`"; });
}

/// `a tensor`, `an option`.
std::string with_article(std::string_view noun);

/// `1 cell`, `2 cells`.
std::string counted(std::size_t count, std::string_view noun);

/// The help for `word`, which names no `kind`: that one with a similar name exists, or nothing.
std::vector<std::string> similar_name(std::string_view kind, std::string_view word,
                                      const std::vector<std::string>& names);

}  // namespace ncmlab
