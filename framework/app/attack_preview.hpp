// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "engine/executor.hpp"
#include "engine/workshop.hpp"

namespace ncmlab::app {

/// Columns of a preview that goes to no terminal.
inline constexpr int kPreviewWidth = 120;

struct PreviewOptions {
  std::size_t samples = 3;
  int width = kPreviewWidth;
  bool colour = false;
};

/// The first poisoned training samples beside the clean ones, with the model's tokens, and the
/// stealth metrics of all edits.
std::string render_preview(Workshop& workshop, const Subject& subject, const PoisonedCorpus& corpus,
                           const PreviewOptions& options);

}  // namespace ncmlab::app
