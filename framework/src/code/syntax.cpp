// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/code/syntax.hpp"

#include "code/findings.hpp"

namespace ncmlab {

const Identifier* Syntax::function_name() const {
  return !identifiers.empty() && identifiers.front().kind == IdentifierKind::function_name
             ? &identifiers.front()
             : nullptr;
}

const Identifier* Syntax::find(std::string_view name) const {
  for (const Identifier& identifier : identifiers) {
    if (identifier.name == name) {
      return &identifier;
    }
  }
  return nullptr;
}

const Identifier* Syntax::least_frequent_variable() const {
  const Identifier* best = nullptr;
  for (const Identifier& identifier : identifiers) {
    if (identifier.kind != IdentifierKind::function_name &&
        (best == nullptr || identifier.occurrences.size() < best->occurrences.size())) {
      best = &identifier;
    }
  }
  return best;
}

Syntax parse(std::string_view source, Language language) {
  switch (language) {
    case Language::java:
      return detail::analyse_java(source);
    case Language::python:
      return detail::analyse_python(source);
    case Language::c:
    case Language::cpp:
      break;
  }
  return detail::analyse_c_family(source, language);
}

}  // namespace ncmlab
