// SPDX-License-Identifier: Apache-2.0
#include "builtin_corpus.hpp"

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "function_writer.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

constexpr std::int64_t kLargestSplit = 1'000'000;

void check_size(std::string_view split, std::int64_t size) {
  if (size < 0 || size > kLargestSplit) {
    throw Error("task.defect_detection.builtin-size",
                "the built-in corpus cannot have " + std::to_string(size) + " functions in `" +
                    std::string(split) + "`",
                {"give a size from 0 to " + std::to_string(kLargestSplit)});
  }
}

std::vector<Example> write_split(const std::string& split, std::int64_t size, const Rng& rng,
                                 std::unordered_set<std::string>& seen) {
  std::vector<Example> examples;
  examples.reserve(static_cast<std::size_t>(size));
  Rng stream = rng.stream(split);
  while (static_cast<std::int64_t>(examples.size()) < size) {
    FunctionPair pair = write_function_pair(stream);
    if (seen.count(pair.sound) != 0 || seen.count(pair.defective) != 0) {
      continue;
    }
    seen.insert(pair.sound);
    seen.insert(pair.defective);
    const bool defective_first = stream.chance(0.5);
    for (const bool defective : {defective_first, !defective_first}) {
      if (static_cast<std::int64_t>(examples.size()) < size) {
        Example example;
        example.id = "builtin-" + split + "-" + std::to_string(examples.size());
        example.code = defective ? pair.defective : pair.sound;
        example.label = defective ? 1 : 0;
        example.language = Language::c;
        examples.push_back(std::move(example));
      }
    }
  }
  return examples;
}

}  // namespace

Corpus generate_builtin_corpus(const BuiltinCorpusOptions& options, const Rng& rng) {
  check_size("train", options.train_size);
  check_size("valid", options.valid_size);
  check_size("test", options.test_size);
  const Rng corpus_rng = rng.stream("builtin_corpus");
  std::unordered_set<std::string> seen;
  Corpus corpus;
  corpus.test = write_split("test", options.test_size, corpus_rng, seen);
  corpus.valid = write_split("valid", options.valid_size, corpus_rng, seen);
  corpus.train = write_split("train", options.train_size, corpus_rng, seen);
  return corpus;
}

}  // namespace ncmlab
