// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ncmlab/plugin/trigger_inversion_settings.hpp"

namespace ncmlab {

/// The config of a defense that inverts triggers, with unlearning that suffices for small victims
/// of toy functions.
template <typename Config>
Config with_toy_unlearning() {
  Config config;
  config.scope = TrainedPart::all;
  config.edits = {NameEdit::extend};
  config.unlearn_share = 0.5;
  config.keep_originals = true;
  config.unlearn_learning_rate = 1e-3;
  config.unlearn_epochs = 5;
  config.unlearn_batch_size = 16;
  return config;
}

}  // namespace ncmlab
