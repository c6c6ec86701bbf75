// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab {

/// One labelled sample.
struct Example {
  std::string id;          ///< unique within its corpus
  std::string code;        ///< source as the data set gives it
  std::string other_code;  ///< pair classification: the other function; else empty
  std::string query;       ///< retrieval: what is searched for; else empty
  std::int64_t label = 0;
  Language language = Language::c;
  bool operator==(const Example&) const = default;
};

struct Corpus {
  std::vector<Example> train, valid, test;
  /// What a reader has to say about the data, for example which records it passed over.
  std::vector<std::string> warnings = {};
};

/// The splits of a corpus, const or not, with their names in this order.
template <typename SomeCorpus>
auto named_splits(SomeCorpus& corpus) {
  return std::array{std::pair{"train", &corpus.train}, std::pair{"valid", &corpus.valid},
                    std::pair{"test", &corpus.test}};
}

/// Hash over all fields of all examples, in order. It names the stream that attacks draw from:
/// another hash, other results.
std::string fingerprint(const std::vector<Example>& examples);

}  // namespace ncmlab
