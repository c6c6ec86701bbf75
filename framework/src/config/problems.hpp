// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/toml.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab::config {

/// Collects what is wrong with one file, with the places.
class Problems {
 public:
  /// `file` is how messages call the file, `text` its content.
  Problems(std::string file, std::string_view text);

  /// The reference is valid until the next call.
  Diagnostic& add(std::string code, std::string message, const toml::source_region& place);
  Diagnostic& add(std::string code, std::string message, Span place);
  /// A problem of the file as a whole.
  Diagnostic& add(std::string code, std::string message);
  /// A problem that lies elsewhere.
  void add(Diagnostic problem);

  Span span(const toml::source_region& place) const;
  std::size_t count() const { return found_.size(); }
  /// Throws one Error with the first 20 problems in the order of the file, if there are any.
  void throw_if_any();

 private:
  std::string file_;
  std::vector<std::string> lines_;
  std::vector<Diagnostic> found_;
};

/// A key and what it holds.
struct Item {
  const toml::key* key;
  const toml::node* value;
};

/// The items of a table in the order of the file (toml++ keeps them in alphabetical order).
std::vector<Item> items_of(const toml::table& table);

}  // namespace ncmlab::config
