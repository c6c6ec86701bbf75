// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/bad_records.hpp"

#include "ncmlab/core/wording.hpp"

namespace ncmlab {
namespace {

constexpr std::size_t kShown = 3;

std::string in_one_line(const Diagnostic& diagnostic) {
  std::string text;
  if (diagnostic.span) {
    text = diagnostic.span->file + ":" + std::to_string(diagnostic.span->line) + ": ";
  }
  return text + diagnostic.message;
}

}  // namespace

void BadRecords::take(const Error& error) {
  if (choice_ == OnBadRecord::error) {
    throw error;
  }
  ++count_;
  if (first_.size() < kShown) {
    first_.push_back(in_one_line(error.diagnostics().front()));
  }
}

std::optional<std::string> BadRecords::summary() const {
  if (count_ == 0) {
    return std::nullopt;
  }
  return "skipped " + counted(static_cast<std::size_t>(count_), "bad record") + ": " +
         joined(first_, "; ") + (count_ > std::ssize(first_) ? "; ..." : "");
}

}  // namespace ncmlab
