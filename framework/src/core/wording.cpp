// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/wording.hpp"

#include <algorithm>
#include <optional>

#include "ncmlab/core/ascii.hpp"

namespace ncmlab {
namespace {

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

/// The name nearest to `word`, compared in lower case, if the distance is at most 3 and at most
/// half of the word's length.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names) {
  const std::string wanted = lower(word);
  const std::size_t limit = std::min<std::size_t>(3, wanted.size() / 2);
  std::optional<std::string> best;
  std::size_t best_distance = limit + 1;
  for (const std::string& candidate : names) {
    // The lengths alone may tell; long words would need much memory.
    const std::size_t length = candidate.size();
    if (std::max(length, wanted.size()) - std::min(length, wanted.size()) > limit) {
      continue;
    }
    const std::size_t distance = edit_distance(wanted, lower(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace

std::vector<std::string> split_at(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

std::string with_article(std::string_view noun) {
  const bool is_vowel = std::string_view("aeiou").find(noun.front()) != std::string_view::npos;
  return (is_vowel ? "an " : "a ") + std::string(noun);
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::vector<std::string> similar_name(std::string_view kind, std::string_view word,
                                      const std::vector<std::string>& names) {
  const auto near = nearest(word, names);
  return near ? std::vector{with_article(kind) + " with a similar name exists: `" + *near + "`"}
              : std::vector<std::string>();
}

}  // namespace ncmlab
