// SPDX-License-Identifier: Apache-2.0
#include "builtin_corpus.hpp"

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "function_writer.hpp"

namespace ncmlab {
namespace {

std::vector<Example> write_split(std::int64_t size, Rng rng,
                                 std::unordered_set<std::string>& seen) {
  std::vector<Example> examples;
  examples.reserve(static_cast<std::size_t>(size));
  while (static_cast<std::int64_t>(examples.size()) < size) {
    FunctionPair pair = write_function_pair(rng);
    if (seen.count(pair.sound) != 0 || seen.count(pair.defective) != 0) {
      continue;
    }
    seen.insert(pair.sound);
    seen.insert(pair.defective);
    const bool defective_first = rng.chance(0.5);
    for (const bool defective : {defective_first, !defective_first}) {
      if (static_cast<std::int64_t>(examples.size()) < size) {
        Example example;
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

Corpus generate_builtin_corpus(const CorpusSizes& sizes, const Rng& rng) {
  std::unordered_set<std::string> seen;
  return generate_corpus(sizes, rng.stream("builtin_corpus"), [&](std::int64_t size, Rng stream) {
    return write_split(size, stream, seen);
  });
}

}  // namespace ncmlab
