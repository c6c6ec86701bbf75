// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ncmlab/networks/encoder.hpp"
#include "ncmlab/networks/head.hpp"
#include "ncmlab/train/options.hpp"
#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {

/// A model, a batch and what another implementation computed for them.
struct RecordedCase {
  std::string architecture, task;
  std::unique_ptr<Encoder> encoder;
  std::vector<Head> head;  ///< exactly one
  Batch batch;
  at::Tensor labels;
  std::int64_t pad_id = 0;
  /// Rows in the order that the head wants: the parts of a sample adjacent.
  std::vector<std::int64_t> row_order;
  StateDict expected;
  StateDict after_training;  ///< empty if the case records no training
  TrainingOptions training;
  std::int64_t warmup_steps = 0, total_steps = 0, steps = 0;

  /// Encoder's under `encoder.`, head's under `classifier.`.
  StateDict parameters() const;
};

/// Reads a case folder. Throws Error `checkpoint.*`.
RecordedCase read_recorded_case(const std::filesystem::path& folder);

}  // namespace ncmlab
