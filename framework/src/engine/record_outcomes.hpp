// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/record.hpp"

namespace ncmlab {

/// The part of a record's JSON form that grows with the test set, and what retrieval measures.
void write_outcomes(const CellRecord& record, nlohmann::json& object);
/// Throws nlohmann::json::exception for what does not fit.
void read_outcomes(const nlohmann::json& object, CellRecord& record);

}  // namespace ncmlab
