// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "ncmlab/core/enum_names.hpp"

namespace ncmlab {

/// What is made of each number between two linear layers.
enum class Activation {
  none,  ///< nothing; no model is configured so
  relu,
  gelu,
  gelu_tanh,  ///< GELU by its approximation with tanh
  silu,
};

/// The names are those of `config.json`.
constexpr auto enum_names(Activation) {
  using enum Activation;
  return std::to_array<EnumName<Activation>>(
      {{relu, "relu"}, {gelu, "gelu"}, {gelu_tanh, "gelu_new"}, {silu, "silu"}});
}

}  // namespace ncmlab
