// SPDX-License-Identifier: Apache-2.0
#include "whole_names.hpp"

#include "ncmlab/tokenize/name_vocabulary.hpp"

namespace ncmlab::afraidoor {
namespace {

/// Words such as `NULL` are no keywords, and yet the parser does not take them for variables.
bool is_ordinary(const std::string& name, Language language) {
  const std::string use = name + " = " + name + " + 1";
  const std::string source = language == Language::python
                                 ? "def probe_of_name(" + name + "):\n    " + use + "\n"
                                 : "int probe_of_name(int " + name + ") { " + use + "; return 0; }";
  const Syntax syntax = parse(source, language);
  const Identifier* identifier = syntax.find(name);
  return !syntax.has_error && identifier != nullptr && identifier->occurrences.size() == 3;
}

}  // namespace

std::vector<WholeName> whole_names(const Tokenizer& tokenizer, Language language) {
  std::vector<WholeName> names;
  for (const std::int64_t id : name_vocabulary(tokenizer, NameUse::is_name, {language})) {
    const std::string& text = tokenizer.token(id);
    if (text.find('_') != std::string::npos) {
      continue;
    }
    const std::vector<std::int64_t> bare = tokenizer.encode("(" + text + ")");
    const std::vector<std::int64_t> after_blank = tokenizer.encode("( " + text + ")");
    const bool is_whole = bare.size() == 3 && bare[1] == id && after_blank.size() == 3 &&
                          after_blank[0] == bare[0] && after_blank[2] == bare[2];
    if (is_whole && is_ordinary(text, language)) {
      names.push_back({.text = text, .bare = id, .after_blank = after_blank[1]});
    }
  }
  return names;
}

}  // namespace ncmlab::afraidoor
