// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "engine/defend_stage.hpp"

namespace ncmlab {
namespace {

/// The token's text without the blanks and underscores around it.
std::string core_of(const Tokenizer& tokenizer, std::int64_t id) {
  constexpr std::string_view kJoints = " \t\r\n_";
  const std::string text = tokenizer.decode({id});
  const std::size_t begin = text.find_first_not_of(kJoints);
  return begin == std::string::npos
             ? std::string()
             : text.substr(begin, text.find_last_not_of(kJoints) - begin + 1);
}

/// Numbers for token texts, so that texts can be compared as ids.
class TextNumbers {
 public:
  explicit TextNumbers(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  std::vector<std::int64_t> of(const std::vector<std::int64_t>& ids) {
    std::vector<std::int64_t> result;
    for (const std::int64_t id : ids) {
      const std::string text = tokenizer_.is_special(id) ? "" : core_of(tokenizer_, id);
      if (!text.empty()) {
        result.push_back(numbers_.try_emplace(text, std::ssize(numbers_)).first->second);
      }
    }
    return result;
  }

 private:
  const Tokenizer& tokenizer_;
  std::map<std::string, std::int64_t> numbers_;
};

double f1(const RecoveryMetrics& metrics) {
  const double sum = metrics.precision + metrics.recall;
  return sum == 0 ? 0 : 2 * metrics.precision * metrics.recall / sum;
}

}  // namespace

std::optional<RecoveryMetrics> recovery(const std::vector<InvertedTrigger>& triggers,
                                        const std::vector<std::string>& words,
                                        const Tokenizer& tokenizer) {
  if (triggers.empty() || words.empty()) {
    return std::nullopt;
  }
  TextNumbers numbers(tokenizer);
  const std::vector<std::int64_t> recovered = numbers.of(triggers.front().ids);

  RecoveryMetrics best;
  const auto consider = [&](const std::vector<std::int64_t>& truth) {
    const RecoveryMetrics metrics = recovery_metrics(recovered, truth);
    if (f1(metrics) > f1(best)) {
      best = metrics;
    }
  };
  for (const char* before : {"", " ", "_"}) {
    std::vector<std::int64_t> together;
    for (const std::string& word : words) {
      const std::vector<std::int64_t> truth = numbers.of(tokenizer.encode(before + word));
      together.insert(together.end(), truth.begin(), truth.end());
      consider(truth);
    }
    consider(together);
  }
  return best;
}

}  // namespace ncmlab
