// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/bad_records.hpp"

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
  std::string text =
      "skipped " + std::to_string(count_) + (count_ == 1 ? " bad record: " : " bad records: ");
  for (std::size_t i = 0; i < first_.size(); ++i) {
    text += (i > 0 ? "; " : "") + first_[i];
  }
  return text + (count_ > static_cast<std::int64_t>(first_.size()) ? "; ..." : "");
}

}  // namespace ncmlab
