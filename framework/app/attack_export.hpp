// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "engine/executor.hpp"
#include "engine/workshop.hpp"

namespace ncmlab::app {

/// Writes `data/` (the corpus with the poisoned training split) and `triggered/` (the test samples
/// with the trigger) in the task's own format, and `ground_truth.json`. The folder appears whole or
/// not at all. Throws Error `usage.no-writer` for a task that is no
/// TaskWriter, `io.write`.
void export_poisoned(Workshop& workshop, const Subject& subject, const PoisonedCorpus& corpus,
                     const std::filesystem::path& out);

}  // namespace ncmlab::app
