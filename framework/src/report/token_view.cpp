// SPDX-License-Identifier: Apache-2.0
#include "report/token_view.hpp"

#include <algorithm>
#include <span>

#include "ncmlab/core/sequence_diff.hpp"
#include "ncmlab/core/wording.hpp"
#include "report/text.hpp"

namespace ncmlab {
namespace {

/// Of a run that is longer, the first tokens are shown.
constexpr std::size_t kMostTokens = 24;
/// A cut of the input at its end shifts as the edit grows; runs beyond these say nothing new.
constexpr std::size_t kMostRuns = 8;

std::string spelled(const Tokenizer& tokenizer, const std::vector<std::int64_t>& ids,
                    std::size_t begin, std::size_t end) {
  if (begin == end) {
    return "nothing";
  }
  const std::span shown(ids.data() + begin, std::min(end - begin, kMostTokens));
  const std::string text =
      ticked_list(shown, " ", [&](std::int64_t id) { return printable(tokenizer.token(id)); });
  return end - begin > kMostTokens ? text + " .." : text;
}

struct Run {
  std::string text;
  std::size_t places = 1;
};

}  // namespace

std::string render_token_edit(const Tokenizer& tokenizer, const std::vector<std::int64_t>& clean,
                              const std::vector<std::int64_t>& edited, std::int64_t limit) {
  std::vector<Run> runs;
  for (const DiffHunk& hunk : diff(clean, edited)) {
    std::string text = spelled(tokenizer, clean, hunk.first_begin, hunk.first_end) + " -> " +
                       spelled(tokenizer, edited, hunk.second_begin, hunk.second_end);
    const auto known =
        std::find_if(runs.begin(), runs.end(), [&](const Run& run) { return run.text == text; });
    if (known == runs.end()) {
      runs.push_back({std::move(text)});
    } else {
      ++known->places;
    }
  }
  if (runs.empty()) {
    return "the model does not see the edit: it reads the first " + std::to_string(limit) +
           " tokens, which are the same\n";
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(runs.size(), kMostRuns); ++i) {
    text += runs[i].text;
    text += runs[i].places > 1 ? " (" + std::to_string(runs[i].places) + " places)\n" : "\n";
  }
  if (runs.size() > kMostRuns) {
    text += "and " + std::to_string(runs.size() - kMostRuns) + " more\n";
  }
  return text + std::to_string(clean.size()) + " -> " + std::to_string(edited.size()) +
         " tokens, of at most " + std::to_string(limit) + "\n";
}

}  // namespace ncmlab
