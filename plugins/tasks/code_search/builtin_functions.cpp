// SPDX-License-Identifier: Apache-2.0
#include "builtin_functions.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "function_templates.hpp"

namespace ncmlab {
namespace {

std::string fill(std::string_view text, const std::map<char, std::string>& words) {
  return fill_holes(text, [&](char hole) { return words.at(hole); });
}

std::string pick(const WordList& words, Rng& rng) { return std::string(rng.pick(words)); }

Example write_function(const FunctionTemplate& what, const Term& object, const Term& property,
                       Rng& rng) {
  const std::string singular = pick(object.in_code, rng);
  const std::string result = pick({"result", "found", "best", "out", "value", "answer"}, rng);
  const std::string other = pick({"limit", "wanted", "bound", "given", "reference"}, rng);
  const std::string key = pick(property.in_code, rng);
  const std::string name =
      pick(what.verbs, rng) + "_" + singular + (rng.chance(0.5) ? "_" + key : "");
  Example example;
  example.code = fill(rng.pick(what.codes), {{'f', name},
                                             {'o', singular},
                                             {'c', singular + "s"},
                                             {'k', key},
                                             {'r', result},
                                             {'n', other}});
  example.query = fill(rng.pick(what.queries),
                       {{'o', pick(object.in_query, rng)}, {'k', pick(property.in_query, rng)}});
  example.language = Language::python;
  return example;
}

/// No code of the split stands in `seen`. All combinations are used before one comes again.
std::vector<Example> write_split(std::int64_t size, Rng rng, std::set<std::string>& seen) {
  const auto& templates = function_templates();
  const std::size_t combinations = templates.size() * objects().size() * properties().size();
  std::vector<Example> examples;
  while (std::ssize(examples) < size) {
    for (const std::size_t drawn : rng.sample(combinations, combinations)) {
      const std::size_t rest = drawn / templates.size();
      Example example =
          write_function(templates[drawn % templates.size()], objects()[rest % objects().size()],
                         properties()[rest / objects().size()], rng);
      if (std::ssize(examples) < size && seen.insert(example.code).second) {
        examples.push_back(std::move(example));
      }
    }
  }
  return examples;
}

}  // namespace

Corpus generate_builtin_functions(const CorpusSizes& sizes, const Rng& rng) {
  std::set<std::string> seen;
  return generate_corpus(
      sizes, rng, [&](std::int64_t size, Rng stream) { return write_split(size, stream, seen); });
}

}  // namespace ncmlab
