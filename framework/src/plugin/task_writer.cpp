// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/task_writer.hpp"

namespace ncmlab {

// Out of line, so that all libraries share one typeinfo.
TaskWriter::~TaskWriter() = default;

}  // namespace ncmlab
