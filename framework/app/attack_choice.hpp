// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options/variables_map.hpp>

#include "engine/plan.hpp"

namespace ncmlab::app {

/// The first cell of the plan with the attack, task, model and seed that the options name, the
/// first of each that is not named; an attack need not be named where the experiment has one
/// besides `none`. Throws Error `usage.*` that lists what there is.
Cell choose_attack_cell(const Plan& plan, const boost::program_options::variables_map& values);

}  // namespace ncmlab::app
