// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/variants.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace ncmlab {
namespace {

constexpr std::size_t kAtOnce = 2000;

}  // namespace

std::vector<at::Tensor> predict_variants(CodeModel& model, const TaskView& task,
                                         const std::vector<Example>& samples,
                                         const Variants& variants, Progress& progress) {
  std::vector<at::Tensor> results;
  // The steps of a prediction are none of the caller's.
  QuietProgress quiet(progress);
  std::vector<TokenSample> waiting;
  std::vector<std::int64_t> counts;
  const auto predict_waiting = [&] {
    const at::Tensor all = waiting.empty() ? at::zeros({0, model.classes()}, at::kDouble)
                                           : model.predict(waiting, quiet).to(at::kDouble);
    std::int64_t first = 0;
    for (const std::int64_t count : counts) {
      results.push_back(all.slice(0, first, first + count));
      first += count;
      progress.advance();
    }
    waiting.clear();
    counts.clear();
  };
  for (const Example& sample : samples) {
    progress.check();
    const std::size_t before = waiting.size();
    variants(sample, [&](const Example& form) {
      progress.check();
      waiting.push_back(task.tokenize(model, form));
    });
    counts.push_back(static_cast<std::int64_t>(waiting.size() - before));
    if (waiting.size() >= kAtOnce) {
      predict_waiting();
    }
  }
  predict_waiting();
  return results;
}

std::vector<CodeUnit> units_read(const CodeModel& model, const std::string& source,
                                 std::size_t part, Language language,
                                 const std::vector<UnitKind>& kinds) {
  if (source.empty()) {
    return {};
  }
  std::size_t end = 0;
  for (const ByteRange& range : model.tokenize_with_ranges(source, part).ranges) {
    end = std::max(end, range.end);
  }
  std::vector<CodeUnit> units = code_units(source, language, kinds);
  std::erase_if(units, [end](const CodeUnit& unit) { return unit.ranges.front().begin >= end; });
  return units;
}

}  // namespace ncmlab
