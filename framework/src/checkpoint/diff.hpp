// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"

namespace ncmlab {

/// One tensor that is not the same in two checkpoints.
struct TensorDifference {
  std::string name;           ///< without wrapping prefix: `encoder...`, `classifier...`
  std::string first, second;  ///< `float32 [2, 3]`, or `absent`
  /// Largest absolute difference of the numbers; NaN where exactly one side is not a number.
  /// Nothing if a side is absent, of another shape or of a type that ncmlab does not compute with.
  std::optional<double> deviation;
  bool foreign = false;  ///< both sides are of such a type; their bytes differ
};

struct CheckpointDiff {
  std::size_t compared = 0;  ///< tensors that both have
  std::vector<TensorDifference> differences;
  /// Tensors of one side that another tensor or the config determines; no difference.
  std::vector<std::string> left_out;

  bool bit_identical() const { return differences.empty(); }
};

/// Compares tensor by tensor, whatever the format and the wrapping prefix.
CheckpointDiff diff(const Checkpoint& first, const Checkpoint& second);

/// `bit-identical`, or a line for each difference, for people.
std::string to_text(const CheckpointDiff& diff);
/// The same as one JSON object.
std::string to_json(const CheckpointDiff& diff);

}  // namespace ncmlab
