// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "ncmlab/plugin/defense.hpp"

namespace ncmlab {

// What a defense says when it is not given what it needs; `defense` is its name.

/// Throws Error `defense.no-clean-samples` where there are none.
void require_clean_samples(const DefenseContext& context, std::string_view defense);

/// Throws Error `defense.no-ngram-model` where there is none.
void require_ngram_model(const DefenseContext& context, std::string_view defense);

/// Throws Error `defense.no-masked-model` where there is none.
void require_masked_model(const DefenseContext& context, std::string_view defense);

/// Throws Error `defense.no-starting-model` where there is none.
void require_starting_model(const DefenseContext& context, std::string_view defense);

}  // namespace ncmlab
