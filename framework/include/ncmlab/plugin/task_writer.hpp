// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// What a task implements besides Task when it can write data in its own format.
class TaskWriter {
 public:
  virtual ~TaskWriter();

  /// Writes the splits that are not empty to `folder`, so that load() of this folder, with all
  /// other settings as they are, gives equal samples in the same order. Ids that the format holds
  /// are kept, as are fields that a sample says nothing of. Throws Error `io.write`.
  virtual void write(const Corpus& corpus, const std::filesystem::path& folder) const = 0;
};

}  // namespace ncmlab
