// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "engine/plan.hpp"
#include "ncmlab/core/progress.hpp"

namespace ncmlab {

/// What is ahead of a run when it starts.
struct RunSize {
  std::map<std::string, std::size_t> pending;  ///< stages to run, by kind
  /// Further ones that depend on what others will come to.
  std::map<std::string, std::size_t> possible;
  std::size_t cached = 0;  ///< stages that the store holds
  /// Mean seconds of the stored objects of this experiment, by kind of stage.
  std::map<std::string, double> seconds;
};

/// What a run tells about itself besides the steps of the stage at work. The base is silent.
class RunProgress : public Progress {
 public:
  virtual void run_begins(const RunSize& size);
  virtual void stage_begins(const Stage& stage);
  /// `failure` is empty for a stage that succeeded.
  virtual void stage_ends(const Stage& stage, double seconds, const std::string& failure);
  /// Something beside a stage failed: data that cannot be read, an attack without effect.
  virtual void failed(const std::string& text);
  /// One of RunSize::possible will not be run.
  virtual void stage_dropped(const Stage& stage);
  virtual void run_ends();
};

}  // namespace ncmlab
