// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "ncmlab/core/enum_names.hpp"

namespace ncmlab {

/// What a sample of a task is, and with it what an attack means and how it is measured.
enum class TaskKind {
  classification,       ///< one source with a label
  pair_classification,  ///< two sources with a label; sources recur in many pairs
  retrieval,            ///< a query and the code that answers it; no labels
};

constexpr auto enum_names(TaskKind) {
  using enum TaskKind;
  return std::to_array<EnumName<TaskKind>>({{classification, "classification"},
                                            {pair_classification, "pair_classification"},
                                            {retrieval, "retrieval"}});
}

}  // namespace ncmlab
