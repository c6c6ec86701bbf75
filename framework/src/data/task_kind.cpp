// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/task_kind.hpp"

namespace ncmlab {

std::string_view to_string(TaskKind kind) {
  switch (kind) {
    case TaskKind::classification:
      return "classification";
    case TaskKind::pair_classification:
      return "pair_classification";
    case TaskKind::retrieval:
      break;
  }
  return "retrieval";
}

std::optional<TaskKind> task_kind_from_string(std::string_view name) {
  for (const TaskKind kind :
       {TaskKind::classification, TaskKind::pair_classification, TaskKind::retrieval}) {
    if (name == to_string(kind)) {
      return kind;
    }
  }
  return std::nullopt;
}

}  // namespace ncmlab
