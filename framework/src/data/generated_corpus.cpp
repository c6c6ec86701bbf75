// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/generated_corpus.hpp"

namespace ncmlab {

Corpus generate_corpus(
    const CorpusSizes& sizes, const Rng& rng,
    const std::function<std::vector<Example>(std::int64_t size, Rng rng)>& write) {
  const auto split = [&](const std::string& name, std::int64_t size) {
    std::vector<Example> examples =
        size == 0 ? std::vector<Example>() : write(size, rng.stream(name));
    for (std::size_t i = 0; i < examples.size(); ++i) {
      examples[i].id = "builtin-" + name + "-" + std::to_string(i);
    }
    return examples;
  };
  Corpus corpus;
  corpus.test = split("test", sizes.test);
  corpus.valid = split("valid", sizes.valid);
  corpus.train = split("train", sizes.train);
  return corpus;
}

std::string choose_form(std::string text, bool second) {
  for (std::size_t begin = text.find("@{"); begin != std::string::npos; begin = text.find("@{")) {
    const std::size_t bar = text.find("@|", begin);
    const std::size_t end = text.find("@}", bar);
    const std::string kept =
        second ? text.substr(bar + 2, end - bar - 2) : text.substr(begin + 2, bar - begin - 2);
    text.replace(begin, end + 2 - begin, kept);
  }
  return text;
}

std::string fill_holes(std::string_view text, const std::function<std::string(char)>& word_of) {
  std::string filled;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size()) {
      filled += word_of(text[++i]);
    } else {
      filled += text[i];
    }
  }
  return filled;
}

}  // namespace ncmlab
