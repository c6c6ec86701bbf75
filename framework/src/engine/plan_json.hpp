// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/plan.hpp"

namespace ncmlab {

/// The plan as JSON, for another process in the same working folder. Where the experiment file
/// names things is left out.
std::string to_json(const Plan& plan);

/// Makes the plan again from its choices, with plugins of `catalogue`, after setting LibTorch to
/// its number of threads. Throws Error `plan.bad-file` that names `origin`, and `plan.outdated`
/// where the plan that was written is another one, since data, checkpoints, settings or software
/// changed: its keys would name other results. Throws what make_plan() throws.
Plan plan_from_json(const std::string& text, const std::string& origin, const Catalogue& catalogue);

}  // namespace ncmlab
