// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/experiment.hpp"
#include "config/problems.hpp"
#include "loader/catalogue.hpp"

namespace ncmlab::config {

/// Puts the folder of the experiment file before all relative paths among the settings. Adds the
/// problem `config.path` for one that is there from the working folder only.
void resolve_paths(Experiment& experiment, const Catalogue& catalogue, Problems& problems);

}  // namespace ncmlab::config
