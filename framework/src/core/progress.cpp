// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/progress.hpp"

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

void Progress::begin(std::string_view, std::int64_t) {}
void Progress::advance(std::int64_t, std::string_view) {}
void Progress::log(std::string_view) {}
bool Progress::cancelled() const { return false; }

void Progress::check() const {
  if (cancelled()) {
    throw Cancelled();
  }
}

bool QuietProgress::cancelled() const { return outer_.cancelled(); }

Progress& silent_progress() {
  static Progress progress;
  return progress;
}

}  // namespace ncmlab
