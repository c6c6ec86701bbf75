// SPDX-License-Identifier: Apache-2.0
#include "running.hpp"

#include <ATen/Parallel.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <boost/program_options/value_semantic.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace ncmlab::app {
namespace {

std::atomic<int> signals_seen = 0;
static_assert(std::atomic<int>::is_always_lock_free);

constexpr std::string_view kStopping =
    "\ninterrupted: stopping after the step at work; a second Ctrl-C ends at once\n";

void note_signal() {
  if (signals_seen.fetch_add(1) > 0) {
    ::_exit(kInterrupted);
  }
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kStopping.data(), kStopping.size());
  errno = error;
}

/// For threads that were there before catch_signals().
extern "C" void on_signal(int) { note_signal(); }

sigset_t stopping_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  return signals;
}

void wait_for_signals() {
  const sigset_t signals = stopping_signals();
  for (int signal = 0; ::sigwait(&signals, &signal) == 0;) {
    note_signal();
  }
}

bool is_terminal(int file_descriptor) {
  const char* term = std::getenv("TERM");
  return ::isatty(file_descriptor) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM}) {
    ::sigaction(signal, &action, nullptr);
  }
  // A handler on the stack of a thread that computes crashed 3 of 90 interrupted trainings:
  // generated matrix kernels may keep data below the stack pointer. So a thread of its own takes
  // signals.
  const sigset_t signals = stopping_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread(wait_for_signals).detach();
}

void add_threads_option(Syntax& syntax) {
  syntax.options.add_options()(
      "threads", boost::program_options::value<int>()->value_name("N"),
      "threads that LibTorch computes with, by default OMP_NUM_THREADS or else the physical cores; "
      "another number gives other weights");
}

void set_threads(const boost::program_options::variables_map& values) {
  if (values.count("threads") == 0) {
    return;
  }
  const int threads = values["threads"].as<int>();
  if (threads < 1 || threads > 1024) {
    throw Error("usage.bad-value", "`--threads` takes 1 to 1024, found " + std::to_string(threads));
  }
  at::set_num_threads(threads);
}

int columns_of(int file_descriptor) {
  winsize size{};
  return ::ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 0;
}

ConsoleProgress::Options progress_options(const Arguments& arguments) {
  const int columns = columns_of(STDERR_FILENO);
  return {.bar = is_terminal(STDERR_FILENO),
          .quiet = arguments.quiet,
          .width = columns > 0 ? columns : 80,
          .cancelled = [] { return signals_seen.load() > 0; },
          .seconds = {}};
}

}  // namespace ncmlab::app
