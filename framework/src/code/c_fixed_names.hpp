// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace ncmlab::detail {

/// Whether a call of `name` is one of a function of the C library, which leaves the text of its
/// arguments alone.
bool is_c_library_function(std::string_view name);

/// The names that C or C++ text may use as text or for something else than the variable, so that
/// no renaming may touch them: words of pragmas and attributes, what macros of the text stringify
/// or paste, and what stands in the arguments of macros out of view, which may take it for a field,
/// print or paste it. What counts as such a macro: framework/docs/edits.md.
class CFixedNames {
 public:
  /// `is_own` tells the names of the text's variables and of its function.
  CFixedNames(std::string_view source, std::function<bool(std::string_view)> is_own);

  bool holds(std::string_view name) const;

 private:
  friend class CNameReader;

  std::unordered_set<std::string_view> names_;
  /// First and last part of pasted names; a part that an argument gives is empty.
  std::vector<std::pair<std::string_view, std::string_view>> pasted_;
};

}  // namespace ncmlab::detail
