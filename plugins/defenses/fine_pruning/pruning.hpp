// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab::fine_pruning {

/// Of each feed-forward network of the encoder the mean size of what each unit gives, [units]
/// float64 on the CPU: over all tokens of the samples, of the last network only over those that
/// become sentence vectors, since nothing else of it is used.
std::vector<at::Tensor> mean_activity(CodeModel& model, const std::vector<TokenSample>& samples,
                                      Progress& progress);

/// A unit of one of the feed-forward networks.
struct Unit {
  std::size_t network = 0;
  std::int64_t place = 0;
};

/// The units of the networks from `first_network` on, the least active first; of equals the one
/// that comes first in the encoder.
std::vector<Unit> by_activity(const std::vector<at::Tensor>& activity, std::size_t first_network);

/// Takes units out of an encoder, which must outlive it and stay on its device: the columns that
/// read them become zero.
class Pruner {
 public:
  explicit Pruner(const Encoder& encoder);

  /// Takes the first `count` units of `order` out and puts all others back as they were when the
  /// Pruner was made.
  void prune(const std::vector<Unit>& order, std::size_t count);
  /// Takes them out again after their columns were changed.
  void hold() const;

 private:
  std::vector<at::Tensor> readers_;    ///< the parameters themselves
  std::vector<at::Tensor> originals_;  ///< what they were
  std::vector<at::Tensor> masks_;      ///< [units], 0 where a unit is out
};

}  // namespace ncmlab::fine_pruning
