// SPDX-License-Identifier: Apache-2.0
#include "dynamic_bound.hpp"

#include <algorithm>
#include <limits>

namespace ncmlab::dbs {
namespace {

/// How far below the best loss a relaxed barrier stays.
constexpr double kBelowBest = 1e-3;

}  // namespace

DynamicBound::DynamicBound(const BoundOptions& options)
    : options_(options),
      temperature_(options.temperature),
      barrier_(options.barrier),
      last_loss_(std::numeric_limits<double>::infinity()),
      best_loss_(std::numeric_limits<double>::infinity()) {}

bool DynamicBound::start_epoch(std::int64_t epoch) {
  if (failures_ >= options_.rollbacks) {
    failures_ = 0;
    barrier_ = std::min(2 * barrier_, best_loss_ - kBelowBest);
  }
  if (!is_scaling_ || epoch % options_.check_epochs != 0) {
    return false;
  }
  if (last_loss_ < barrier_) {
    temperature_ /= 2;
    return false;
  }
  ++failures_;
  temperature_ = std::min(2 * temperature_, options_.temperature);
  return true;
}

bool DynamicBound::end_epoch(double loss, double lack) {
  last_loss_ = loss;
  is_scaling_ = is_scaling_ || loss <= barrier_;
  if (lack >= options_.one_hot_tolerance || loss > barrier_) {
    return false;
  }
  best_loss_ = loss;
  barrier_ = loss / 2;
  failures_ = 0;
  return true;
}

}  // namespace ncmlab::dbs
