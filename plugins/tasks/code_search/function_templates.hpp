// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace ncmlab {

using WordList = std::vector<std::string_view>;

/// Something that queries and code may call by different words.
struct Term {
  WordList in_query;
  WordList in_code;
};

/// One thing that a function can do. In queries and codes `$o` is the object and `$k` its property;
/// in codes also `$f` the function, `$c` several objects, `$r` the result, `$n` a limit.
struct FunctionTemplate {
  WordList verbs;
  WordList queries;
  WordList codes;
};

const std::vector<FunctionTemplate>& function_templates();
const std::vector<Term>& objects();
const std::vector<Term>& properties();

}  // namespace ncmlab
