// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/progress.hpp"

namespace ncmlab {

/// One reason why cells failed.
struct FailureCause {
  std::vector<Diagnostic> diagnostics;  ///< at least one; what was thrown
  std::size_t cells = 0;                ///< that it cost
};

/// The exception that is being handled, as diagnostics: those of an Error as they are, anything
/// else under the code `engine.exception`. Rethrows Cancelled when it is genuine.
std::vector<Diagnostic> current_failure(const Progress& progress);

/// Whether data, a model or a file is missing or does not fit, whatever stage found it.
bool is_about_input(const FailureCause& cause);

/// `data/train.jsonl:3: the record has no field `func` [data.missing-field]`, with helps and notes
/// after the code.
std::string in_one_line(const std::vector<Diagnostic>& diagnostics);

/// Ends a cell: one of its stages failed, now or earlier in this run.
class StageFailed : public std::runtime_error {
 public:
  StageFailed(const std::string& message, std::size_t cause)
      : std::runtime_error(message), cause_(cause) {}
  /// Index into Failures::causes().
  std::size_t cause() const { return cause_; }

 private:
  std::size_t cause_;
};

/// What failed in a run, each cause once.
class Failures {
 public:
  /// Throws StageFailed if `what` (the hash of a stage) failed before.
  void throw_if_failed(const std::string& what) const;
  /// Notes that `what` failed and throws StageFailed, whose message begins with `title` unless the
  /// cause lies in the input: then it is the same for all that need it. `tell` is called with a
  /// text for people: the whole cause when it is new, else that it is known.
  template <typename Tell>
  [[noreturn]] void fail(const std::string& what, const std::string& title,
                         std::vector<Diagnostic> diagnostics, const Tell& tell) {
    const std::size_t known = causes_.size();
    const StageFailed failed = note(what, title, std::move(diagnostics));
    tell(title + ": " +
         (failed.cause() == known ? full_text(causes_.back()) : "for the same reason as above"));
    throw failed;
  }

  void count_cell(std::size_t cause) { ++causes_[cause].cells; }
  const std::vector<FailureCause>& causes() const { return causes_; }

 private:
  StageFailed note(const std::string& what, const std::string& title,
                   std::vector<Diagnostic> diagnostics);
  static std::string full_text(const FailureCause& cause);

  std::vector<FailureCause> causes_;
  std::unordered_map<std::string, StageFailed> failed_;
};

}  // namespace ncmlab
