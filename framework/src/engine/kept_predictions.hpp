// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "engine/stages.hpp"

namespace ncmlab {

/// What one victim answered on its sets of samples, for the cells that share the victim. Asking for
/// another victim drops all of it.
class KeptPredictions {
 public:
  /// The answers of `victim` on the samples called `name`, made by `predict` if they are not there.
  /// The reference is good until another victim is asked for.
  template <typename Predict>
  const Predictions& get(const std::string& victim, const std::string& name,
                         const Predict& predict) {
    if (victim_ != victim) {
      answers_.clear();
      victim_ = victim;
    }
    const auto found = answers_.find(name);
    return found != answers_.end() ? found->second
                                   : answers_.emplace(name, predict()).first->second;
  }

  std::size_t size() const { return answers_.size(); }

 private:
  std::string victim_;
  std::map<std::string, Predictions> answers_;
};

}  // namespace ncmlab
