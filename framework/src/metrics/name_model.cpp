// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/metrics/name_model.hpp"

#include <algorithm>
#include <cmath>

namespace ncmlab {
namespace {

constexpr char kEnd = '\n';  // no name holds it
constexpr double kSymbols = 256;

/// The bytes before `at`, at most as many as the model looks back.
std::string_view context_before(std::string_view text, std::size_t at) {
  const std::size_t length = std::min(at, NameModel::kOrder - 1);
  return text.substr(at - length, length);
}

/// With a mark for the start, so that a first letter is counted apart from one in the middle.
std::string framed(std::string_view name) { return kEnd + std::string(name) + kEnd; }

}  // namespace

void NameModel::add(std::string_view name) {
  const std::string text = framed(name);
  for (std::size_t at = 1; at < text.size(); ++at) {
    std::string_view context = context_before(text, at);
    while (true) {
      Context& seen = contexts_[std::string(context)];
      ++seen.counts[text[at]];
      ++seen.total;
      if (context.empty()) {
        break;
      }
      context.remove_prefix(1);
    }
  }
}

double NameModel::probability(std::string_view context, char next) const {
  double result = 1 / kSymbols;
  for (std::size_t length = 0; length <= context.size(); ++length) {
    const auto found = contexts_.find(std::string(context.substr(context.size() - length, length)));
    if (found == contexts_.end()) {
      break;
    }
    const Context& seen = found->second;
    const auto count = seen.counts.find(next);
    const auto types = static_cast<double>(seen.counts.size());
    const double hits = count == seen.counts.end() ? 0.0 : static_cast<double>(count->second);
    result = (hits + types * result) / (static_cast<double>(seen.total) + types);
  }
  return result;
}

double NameModel::log_probability(std::string_view name) const {
  const std::string text = framed(name);
  double sum = 0;
  for (std::size_t at = 1; at < text.size(); ++at) {
    sum += std::log(probability(context_before(text, at), text[at]));
  }
  return sum / static_cast<double>(text.size() - 1);
}

}  // namespace ncmlab
