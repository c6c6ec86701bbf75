// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/token_texts.hpp"

namespace ncmlab {

std::vector<std::int64_t> text_ids(const TokenRow& row, const InputRules& rules) {
  // The last is </s>.
  return {row.ids.begin() + rules.first_position(), row.ids.end() - 1};
}

std::vector<std::vector<std::int64_t>> token_texts(const CodeModel& model,
                                                   const std::vector<Example>& samples) {
  std::vector<std::vector<std::int64_t>> texts;
  for (const Example& sample : samples) {
    // In retrieval the first part is the query.
    const std::size_t part = sample.query.empty() ? 0 : 1;
    texts.push_back(text_ids(model.tokenize(sample.code, part), model.rules()));
    if (!sample.other_code.empty()) {
      texts.push_back(text_ids(model.tokenize(sample.other_code, 1), model.rules()));
    }
  }
  return texts;
}

}  // namespace ncmlab
