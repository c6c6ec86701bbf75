// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "ncmlab/code/units.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {

/// Hands on forms of a sample, one at a time: without a unit, with other words, ...
using Variants =
    std::function<void(const Example& sample, const std::function<void(const Example&)>& add)>;

/// What `model`, a classifier, makes of the variants of each sample: log-probabilities [variants,
/// classes] float64 on the CPU, [0, classes] where there are none. Samples are tokenised and
/// predicted some thousand variants at a time, so that batches are full and memory is bounded.
/// Advances `progress` by one for each sample.
std::vector<at::Tensor> predict_variants(CodeModel& model, const TaskView& task,
                                         const std::vector<Example>& samples,
                                         const Variants& variants, Progress& progress);

/// The units of these kinds, of `source` as part number `part` of a sample, that begin before the
/// place where `model` cuts it off; none of an empty source.
std::vector<CodeUnit> units_read(const CodeModel& model, const std::string& source,
                                 std::size_t part, Language language,
                                 const std::vector<UnitKind>& kinds);

}  // namespace ncmlab
