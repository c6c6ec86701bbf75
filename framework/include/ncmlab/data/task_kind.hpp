// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace ncmlab {

/// What a sample of a task is, and with it what an attack means and how it is measured.
enum class TaskKind {
  classification,       ///< one source with a label
  pair_classification,  ///< two sources with a label; sources recur in many pairs
  retrieval,            ///< a query and the code that answers it; no labels
};

/// `classification`, `pair_classification`, `retrieval`.
std::string_view to_string(TaskKind kind);
std::optional<TaskKind> task_kind_from_string(std::string_view name);

}  // namespace ncmlab
