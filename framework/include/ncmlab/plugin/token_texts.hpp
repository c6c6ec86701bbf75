// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "ncmlab/data/example.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {

/// The ids of a row's text: without the special tokens around it.
std::vector<std::int64_t> text_ids(const TokenRow& row, const InputRules& rules);

/// The code of each sample as `model` reads it, cut where it cuts it; of a pair both functions.
/// What a language model over the model's tokens is made from.
std::vector<std::vector<std::int64_t>> token_texts(const CodeModel& model,
                                                   const std::vector<Example>& samples);

}  // namespace ncmlab
