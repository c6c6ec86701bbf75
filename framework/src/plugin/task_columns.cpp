// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/task_columns.hpp"

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

ColumnMapping TaskColumns::columns() const {
  return {.code = code_column,
          .second = second_column,
          .label = label_column,
          .id = id_column,
          .split = split_column,
          .language = language_column,
          .default_language = *language_from_string(language),
          .label_values = label_values};
}

void check_label_values(const TaskColumns& settings) {
  if (!settings.label_values.empty() && settings.label_values.size() != 2) {
    throw Error("plugin.bad-setting", "`label_values` should name two labels, found " +
                                          std::to_string(settings.label_values.size()));
  }
}

}  // namespace ncmlab
