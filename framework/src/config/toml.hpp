// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace ncmlab::config {

/// Thrown where toml++ 3.3 would call assert(), which it does for malformed input such as `[!`.
struct TomlAssertion : std::logic_error {
  using std::logic_error::logic_error;
};
[[noreturn]] void fail_toml_assertion(const char* condition);

}  // namespace ncmlab::config

// The only place that includes toml++: all must see the same TOML_ASSERT. The library that some
// distributions build was built with NDEBUG, which makes the compiler assume each condition; our
// own copy of the header, read without NDEBUG, checks it.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#undef TOML_SHARED_LIB
#undef TOML_HEADER_ONLY
#define TOML_HEADER_ONLY 1
#define TOML_ASSERT(condition) \
  ((condition) ? void() : ::ncmlab::config::fail_toml_assertion(#condition))
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace ncmlab::config {

/// The document of `text`. Throws Error `config.syntax` with the first place that is no TOML.
toml::table parse_toml(const std::string& text, const std::string& file);

}  // namespace ncmlab::config
