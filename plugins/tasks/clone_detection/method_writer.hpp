// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "ncmlab/core/rng.hpp"

namespace ncmlab {

/// What a method is made of; the same plan gives the same text.
struct MethodPlan {
  std::size_t family = 0;             ///< methods that differ in one respect
  bool second_form = false;           ///< which of the two the method computes
  std::size_t implementation = 0;     ///< which way of the family
  std::map<char, std::string> names;  ///< of the holes
  std::uint64_t layout = 0;           ///< seeds indentation, comments and modifiers
  std::uint64_t filler = 0;           ///< seeds statements that change nothing; 0: none

  /// Two methods with the same number compute the same.
  std::size_t functionality() const { return 2 * family + (second_form ? 1 : 0); }
};

std::size_t method_families();
std::size_t implementations_of(std::size_t family);

/// Names and layout drawn at random.
MethodPlan draw_method(std::size_t family, bool second_form, Rng& rng);
/// Draws other names.
void rename_all(MethodPlan& plan, Rng& rng);

/// The method's source.
std::string write_method(const MethodPlan& plan);

}  // namespace ncmlab
