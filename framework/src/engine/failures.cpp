// SPDX-License-Identifier: Apache-2.0
#include "engine/failures.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "core/path_problem.hpp"
#include "loader/plugin_call.hpp"

namespace ncmlab {
namespace {

constexpr const char* kForeign = "engine.exception";

Diagnostic foreign(std::string message) {
  return {.code = kForeign, .message = std::move(message)};
}

bool are_equal(const std::vector<Diagnostic>& one, const std::vector<Diagnostic>& other) {
  return std::ranges::equal(
      one, other, {}, [](const Diagnostic& d) { return render(d); },
      [](const Diagnostic& d) { return render(d); });
}

}  // namespace

std::vector<Diagnostic> current_failure(const Progress& progress) {
  try {
    throw;
  } catch (const Cancelled&) {
    if (progress.cancelled()) {
      throw;
    }
    return {foreign("it says that it was cancelled, which it was not")};
  } catch (const Error& error) {
    return error.diagnostics();
  } catch (const std::filesystem::filesystem_error& error) {
    return {path_problem(error)};
  } catch (const std::exception& error) {
    return {foreign(first_line(error))};
  } catch (...) {
    return {foreign("something was thrown that is no exception")};
  }
}

bool is_about_input(const FailureCause& cause) {
  constexpr std::array<std::string_view, 4> kAreas = {"data", "checkpoint", "tokenizer", "io"};
  return std::ranges::all_of(cause.diagnostics, [&](const Diagnostic& diagnostic) {
    const std::string_view code = diagnostic.code;
    return std::ranges::find(kAreas, code.substr(0, code.find('.'))) != kAreas.end();
  });
}

std::string in_one_line(const std::vector<Diagnostic>& diagnostics) {
  std::string text, rest;
  for (const Diagnostic& diagnostic : diagnostics) {
    text += text.empty() ? "" : "; ";
    if (const auto& span = diagnostic.span) {
      text += span->file + (span->line > 0 ? ":" + std::to_string(span->line) : "") + ": ";
    }
    text += diagnostic.message;
    for (const auto* lines : {&diagnostic.help, &diagnostic.notes}) {
      for (const std::string& line : *lines) {
        rest += "; " + line;
      }
    }
  }
  const std::string& code = diagnostics.front().code;
  return code == kForeign ? text : text + " [" + code + rest + "]";
}

void Failures::throw_if_failed(const std::string& what) const {
  if (const auto found = failed_.find(what); found != failed_.end()) {
    throw found->second;
  }
}

StageFailed Failures::note(const std::string& what, const std::string& title,
                           std::vector<Diagnostic> diagnostics) {
  const auto known = std::ranges::find_if(causes_, [&](const FailureCause& cause) {
    return are_equal(cause.diagnostics, diagnostics);
  });
  const auto index = static_cast<std::size_t>(known - causes_.begin());
  if (known == causes_.end()) {
    causes_.push_back({.diagnostics = std::move(diagnostics)});
  }
  const FailureCause& cause = causes_[index];
  const std::string message = in_one_line(cause.diagnostics);
  return failed_
      .emplace(what, StageFailed(is_about_input(cause) ? message : title + ": " + message, index))
      .first->second;
}

std::string Failures::full_text(const FailureCause& cause) {
  if (cause.diagnostics.front().code == kForeign) {
    return cause.diagnostics.front().message;
  }
  std::string text;
  for (const Diagnostic& diagnostic : cause.diagnostics) {
    text += "\n" + render(diagnostic);
  }
  while (text.ends_with('\n')) {
    text.pop_back();
  }
  return text;
}

}  // namespace ncmlab
