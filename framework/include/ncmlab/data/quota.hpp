// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace ncmlab {

/// How much of a split is read: all of it, or the first records, and as many more as it takes to
/// meet a second label.
class Quota {
 public:
  /// `records` 0: all. Without `labels`, the samples have none that could differ.
  explicit Quota(std::int64_t records = 0, bool labels = true)
      : records_(records), meets_two_labels_(!labels) {}

  /// To be called for each sample that was read.
  void count(std::int64_t label) {
    ++count_;
    meets_two_labels_ = meets_two_labels_ || label != first_label_.value_or(label);
    first_label_ = first_label_.value_or(label);
  }
  bool reached() const { return records_ > 0 && count_ >= records_ && meets_two_labels_; }

 private:
  std::int64_t records_;
  std::int64_t count_ = 0;
  std::optional<std::int64_t> first_label_;
  bool meets_two_labels_;
};

}  // namespace ncmlab
