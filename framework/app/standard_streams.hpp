// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"

namespace ncmlab::app {

/// Puts /dev/null where standard input, output or error is closed, so that no file that is opened
/// later takes its place. Writing to a closed output fails all the same.
void open_standard_streams();
/// Flushes standard output; if anything was lost, says so, and success becomes the code of
/// Error `io.write`.
int finish_output(const Arguments& arguments, int status);

}  // namespace ncmlab::app
