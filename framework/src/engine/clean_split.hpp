// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/experiment.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/data/task_kind.hpp"

namespace ncmlab {

/// A training split, divided into what is trained on and what defenses know to be clean.
struct CleanSplit {
  std::vector<Example> train;    ///< in the order of the split
  std::vector<Example> clean;    ///< class-balanced, shuffled
  std::vector<bool> poisonable;  ///< of each sample of `train`; empty: all are
  std::vector<std::string> warnings;
};

/// Draws `share` of `split` as clean samples, as many of each label.
///
/// Held out, they are taken out of the training set, no more than half of a label; of pairs, those
/// that come first wholly among functions drawn in random order, so that they touch few functions.
/// A training sample that shares a function with a clean one, white space apart, is not poisonable.
/// From `training`, they stay where they are and everything is poisonable.
CleanSplit split_off_clean(std::vector<Example> split, TaskKind kind, double share,
                           CleanSource source, Rng rng);

/// Takes `share` of the clean samples out of `clean`, of each label alike. Both keep their order.
/// Pairs of both parts may share functions.
std::vector<Example> take_share(std::vector<Example>& clean, double share, Rng rng);

}  // namespace ncmlab
