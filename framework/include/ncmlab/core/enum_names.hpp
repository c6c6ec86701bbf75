// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ncmlab {

/// What a value of an enum is called in files, settings and messages.
template <typename E>
struct EnumName {
  E value;
  std::string_view name;
};

/// An enum whose values have names. A function beside it, in its namespace or a friend of its
/// class, lists them in the order in which people are shown them:
///
///     enum class Scope { head, all };
///     constexpr auto enum_names(Scope) {
///       return std::to_array<EnumName<Scope>>({{Scope::head, "head"}, {Scope::all, "all"}});
///     }
///
/// A value may have several names, of which the first is the one that is written, or none.
template <typename E>
concept NamedEnum = std::is_enum_v<E> && requires(E value) {
  { enum_names(value).front() } -> std::convertible_to<EnumName<E>>;
};

/// The name that is written; empty for a value without one.
template <NamedEnum E>
constexpr std::string_view to_string(E value) {
  for (const EnumName<E>& each : enum_names(value)) {
    if (each.value == value) {
      return each.name;
    }
  }
  return {};
}

/// The value with this name: `from_string<Language>("c")`.
template <NamedEnum E>
constexpr std::optional<E> from_string(std::string_view name) {
  for (const EnumName<E>& each : enum_names(E{})) {
    if (each.name == name) {
      return each.value;
    }
  }
  return std::nullopt;
}

/// All names in their order.
template <NamedEnum E>
std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const EnumName<E>& each : enum_names(E{})) {
    names.emplace_back(each.name);
  }
  return names;
}

/// The names that are written, for a message: "`c`, `cpp` or `java`".
template <NamedEnum E>
std::string listed_names() {
  std::vector<std::string> names;
  for (const EnumName<E>& each : enum_names(E{})) {
    if (each.name == to_string(each.value)) {
      names.push_back("`" + std::string(each.name) + "`");
    }
  }
  std::string list = names.front();
  for (std::size_t i = 1; i < names.size(); ++i) {
    list += (i + 1 == names.size() ? " or " : ", ") + names[i];
  }
  return list;
}

}  // namespace ncmlab
