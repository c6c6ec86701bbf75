// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/enum_names.hpp"

namespace ncmlab {

/// What becomes of records that do not fit: the first one ends the reading, or they are passed
/// over and counted. A task offers it as the parameter `on_bad_record`.
enum class OnBadRecord { error, skip };

constexpr auto enum_names(OnBadRecord) {
  return std::to_array<EnumName<OnBadRecord>>(
      {{OnBadRecord::error, "error"}, {OnBadRecord::skip, "skip"}});
}

/// The records of some files that did not fit.
class BadRecords {
 public:
  explicit BadRecords(OnBadRecord choice) : choice_(choice) {}

  /// To be called with what was thrown for a record. Throws it again unless records are skipped.
  void take(const Error& error);
  /// The number of records skipped.
  std::int64_t count() const { return count_; }
  /// A sentence that counts the records skipped and shows the first few; nothing if there are none.
  std::optional<std::string> summary() const;

 private:
  OnBadRecord choice_;
  std::int64_t count_ = 0;
  std::vector<std::string> first_;
};

}  // namespace ncmlab
