// SPDX-License-Identifier: Apache-2.0
#include "loader/plugin_call.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>
#include <c10/core/DefaultDtype.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cfenv>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <locale>
#include <mutex>
#include <utility>
#include <vector>

#include "core/path_problem.hpp"

namespace ncmlab {
namespace {

constexpr int kPluginExited = 1;
constexpr std::array kSignals{SIGINT, SIGTERM};

thread_local const PluginCall* innermost = nullptr;
std::atomic<const PluginCall*> outermost = nullptr;

/// An Error that names its plugin.
class NamedError final : public Error {
 public:
  using Error::Error;
};

std::string loaded_from(const PluginOrigin& origin) {
  return "loaded from " + origin.file.string();
}

// Runs when somebody calls exit(): while a call is open, that is a plugin.
void report_exit() {
  const PluginCall* call = innermost != nullptr ? innermost : outermost.load();
  if (call == nullptr) {
    return;
  }
  const Diagnostic diagnostic{
      .code = "plugin.exited",
      .message = call->origin().text() + " ended the program: `exit` was called in `" +
                 call->function() + "`",
      .help = {"a plugin reports a failure by throwing `ncmlab::Error`"},
      .notes = {loaded_from(call->origin()), "what was finished before is kept"}};
  std::cout.flush();
  std::fflush(nullptr);
  std::cerr << render(diagnostic) << std::flush;
  ::_exit(kPluginExited);
}

void watch_exit() {
  static std::once_flag once;
  std::call_once(once, [] {
    std::atexit(report_exit);
    std::at_quick_exit(report_exit);
  });
}

at::CPUGeneratorImpl& generator() {
  return *at::check_generator<at::CPUGeneratorImpl>(at::detail::getDefaultCPUGenerator());
}

/// Where LibTorch's default CPU generator stands.
class GeneratorState {
 public:
  GeneratorState() : lock_(generator().mutex_) { lock_.unlock(); }
  void restore() const {
    at::CPUGeneratorImpl& target = generator();
    const std::lock_guard lock(target.mutex_);
    target.set_engine(engine_);
    target.set_next_float_normal_sample(next_float_);
    target.set_next_double_normal_sample(next_double_);
  }

 private:
  std::unique_lock<std::mutex> lock_;  ///< while the members that follow are read
  at::mt19937 engine_ = generator().engine();
  decltype(generator().next_float_normal_sample()) next_float_ =
      generator().next_float_normal_sample();
  decltype(generator().next_double_normal_sample()) next_double_ =
      generator().next_double_normal_sample();
};

}  // namespace

struct PluginCall::ThreadState {
  at::ThreadLocalState torch;
  std::fenv_t arithmetic{};

  ThreadState() { std::fegetenv(&arithmetic); }
  void restore() const {
    at::ThreadLocalState::setThreadLocalState(torch);
    std::fesetenv(&arithmetic);
  }
};

struct PluginCall::ProcessState {
  int threads = at::get_num_threads();
  bool is_deterministic = at::globalContext().deterministicAlgorithms();
  bool only_warns = at::globalContext().deterministicAlgorithmsWarnOnly();
  caffe2::TypeMeta type = c10::get_default_dtype();
  GeneratorState random;
  std::filesystem::path folder;
  std::locale locale;
  std::string c_locale = std::setlocale(LC_ALL, nullptr);
  std::array<struct sigaction, kSignals.size()> handlers{};

  ProcessState() {
    std::error_code ignored;
    folder = std::filesystem::current_path(ignored);
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      ::sigaction(kSignals[i], nullptr, &handlers[i]);
    }
  }

  void restore() const {
    if (at::get_num_threads() != threads) {
      at::set_num_threads(threads);
    }
    at::globalContext().setDeterministicAlgorithms(is_deterministic, only_warns);
    c10::set_default_dtype(type);
    random.restore();
    std::error_code ignored;
    if (std::filesystem::current_path(ignored) != folder) {
      std::filesystem::current_path(folder, ignored);
    }
    if (!(std::locale() == locale)) {
      std::locale::global(locale);
    }
    if (c_locale != std::setlocale(LC_ALL, nullptr)) {
      std::setlocale(LC_ALL, c_locale.c_str());
    }
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      ::sigaction(kSignals[i], &handlers[i], nullptr);
    }
  }
};

std::string PluginOrigin::text() const {
  return name.empty() ? "a plugin library" : std::string(to_string(kind)) + " `" + name + "`";
}

PluginCall::PluginCall(const PluginOrigin& origin, const char* function)
    : origin_(origin),
      function_(function),
      outer_(innermost),
      thread_(std::make_unique<ThreadState>()) {
  watch_exit();
  innermost = this;
  const PluginCall* none = nullptr;
  if (outermost.compare_exchange_strong(none, this)) {
    process_ = std::make_unique<ProcessState>();
  }
}

PluginCall::~PluginCall() {
  thread_->restore();
  if (process_ != nullptr) {
    process_->restore();
    outermost = nullptr;
  }
  innermost = outer_;
}

std::string first_line(const std::exception& error) {
  const std::string text = error.what();
  return text.empty() ? "an exception without a message" : text.substr(0, text.find('\n'));
}

void rethrow_named(const PluginOrigin& origin, const char* function) {
  const auto unnamed = [&](const std::string& what) {
    return NamedError(Diagnostic{.code = "plugin.threw",
                                 .message = origin.text() + " " + what,
                                 .notes = {loaded_from(origin)}});
  };
  const std::string place = " in `" + std::string(function) + "`";
  try {
    throw;
  } catch (const Cancelled&) {
    throw;
  } catch (const NamedError&) {
    throw;
  } catch (const Error& error) {
    std::vector<Diagnostic> all = error.diagnostics();
    if (!all.empty()) {
      all.back().notes.push_back("reported by " + origin.text() + ", " + loaded_from(origin));
    }
    throw NamedError(std::move(all));
  } catch (const std::filesystem::filesystem_error& error) {
    Diagnostic problem = path_problem(error);
    problem.notes.push_back("met by " + origin.text() + place + ", " + loaded_from(origin));
    throw NamedError(std::move(problem));
  } catch (const std::exception& error) {
    throw unnamed("threw an exception" + place + ": " + first_line(error));
  } catch (...) {
    throw unnamed("threw something that is no exception" + place);
  }
}

}  // namespace ncmlab
