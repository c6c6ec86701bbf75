// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ncmlab/metrics/stealth.hpp"

namespace ncmlab {

/// StealthMetrics as a JSON object, and back.
nlohmann::json to_object(const StealthMetrics& metrics);
StealthMetrics stealth_from(const nlohmann::json& object);

}  // namespace ncmlab
