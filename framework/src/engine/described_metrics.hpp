// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/described_json.hpp"
#include "ncmlab/metrics/classification.hpp"
#include "ncmlab/metrics/stealth.hpp"

namespace ncmlab {

// What stands in records and in objects of the store, too.
BOOST_DESCRIBE_STRUCT(RecoveryMetrics, (), (precision, recall))
BOOST_DESCRIBE_STRUCT(StealthMetrics, (), (edits, parse_rate, token_edits, new_names, old_names))

}  // namespace ncmlab
