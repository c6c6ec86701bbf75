// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/metrics/stealth.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <string_view>

#include "ncmlab/code/lexemes.hpp"
#include "ncmlab/core/sequence_diff.hpp"
#include "ncmlab/metrics/name_model.hpp"

namespace ncmlab {
namespace {

constexpr std::size_t kModelFunctions = 2000;

NameModel model_of(const std::vector<Example>& clean) {
  NameModel model;
  const std::size_t step = std::max<std::size_t>(1, clean.size() / kModelFunctions);
  for (std::size_t i = 0; i < clean.size(); i += step) {
    for (const Identifier& identifier : parse(clean[i].code, clean[i].language).identifiers) {
      model.add(identifier.name);
    }
  }
  return model;
}

/// All that the function declares: an edit may let a name be told of that was withheld before.
std::set<std::string> names_of(const Syntax& syntax) {
  std::set<std::string> names(syntax.withheld.begin(), syntax.withheld.end());
  for (const Identifier& identifier : syntax.identifiers) {
    names.insert(identifier.name);
  }
  return names;
}

/// Log-probabilities of the names of one set that are not in the other.
void collect(const NameModel& model, const std::set<std::string>& names,
             const std::set<std::string>& others, std::vector<double>& values) {
  for (const std::string& name : names) {
    if (!others.contains(name)) {
      values.push_back(model.log_probability(name));
    }
  }
}

std::optional<double> mean(const std::vector<double>& values) {
  if (values.empty()) {
    return std::nullopt;
  }
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double token_edits(std::string_view before, std::string_view after) {
  std::size_t count = 0;
  for (const DiffHunk& hunk : diff(lexemes(before), lexemes(after))) {
    count += std::max(hunk.removed(), hunk.added());
  }
  return static_cast<double>(count);
}

struct Edit {
  std::string_view before, after;
  Language language;
  auto operator<=>(const Edit&) const = default;
};

std::set<Edit> edits_of(const std::vector<Example>& clean, const std::vector<Example>& edited) {
  std::set<Edit> edits;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    for (const std::string Example::*part : {&Example::code, &Example::other_code}) {
      if (clean[i].*part != edited[i].*part) {
        edits.insert({clean[i].*part, edited[i].*part, clean[i].language});
      }
    }
  }
  return edits;
}

}  // namespace

StealthMetrics stealth_metrics(const std::vector<Example>& clean,
                               const std::vector<Example>& edited) {
  const std::set<Edit> edits = edits_of(clean, edited);
  StealthMetrics metrics{.edits = std::ssize(edits)};
  if (edits.empty()) {
    return metrics;
  }
  const NameModel model = model_of(clean);
  std::vector<double> sizes, parses, new_names, old_names;
  for (const Edit& edit : edits) {
    const Syntax before = parse(edit.before, edit.language);
    const Syntax after = parse(edit.after, edit.language);
    if (!before.has_error) {
      parses.push_back(after.has_error ? 0 : 1);
    }
    sizes.push_back(token_edits(edit.before, edit.after));
    collect(model, names_of(after), names_of(before), new_names);
    collect(model, names_of(before), names_of(after), old_names);
  }
  metrics.parse_rate = mean(parses).value_or(0);
  metrics.token_edits = *mean(sizes);
  metrics.new_names = mean(new_names);
  metrics.old_names = mean(old_names);
  return metrics;
}

}  // namespace ncmlab
