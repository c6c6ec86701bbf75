// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"
#include "engine/console_progress.hpp"

namespace ncmlab::app {

/// From now on Ctrl-C and SIGTERM ask the work at hand to stop, and say so; a second one ends the
/// process.
void catch_signals();

/// `--threads N`, how many threads LibTorch computes with; part of the key of what it computes.
void add_threads_option(Syntax& syntax);
/// Sets them. Throws Error `usage.bad-value`. Call it before a plan is made.
void set_threads(const boost::program_options::variables_map& values);

/// How a command shows its progress on stderr, and that it stops once a signal came.
ConsoleProgress::Options progress_options(const Arguments& arguments);

/// The columns of the terminal; 0 where there is none.
int columns_of(int file_descriptor);

}  // namespace ncmlab::app
