// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab {

enum class Affix { prefix, middle, suffix };

/// Whether `source` holds `word` as a whole word anywhere, comments and strings included.
bool uses_word(std::string_view source, std::string_view word);

/// `source` with every occurrence of `identifier` replaced by `new_name`.
/// Throws Error `code.bad-name` when `new_name` is no legal identifier and `code.name-taken`
/// when the function already uses that word anywhere.
std::string rename(std::string_view source, Language language, const Identifier& identifier,
                   std::string_view new_name);

/// rename(), or nothing where it would throw or where the result would not parse.
std::optional<std::string> try_rename(std::string_view source, Language language,
                                      const Identifier& identifier, std::string_view new_name);

/// A new name for one of the identifiers of a parse.
struct Renaming {
  const Identifier* identifier = nullptr;
  std::string new_name;
};

/// rename() of several identifiers of one parse at once. Throws as rename() does, and
/// `code.name-taken` when a new name is given twice. A name that is given up is still taken.
std::string rename_all(std::string_view source, Language language,
                       const std::vector<Renaming>& renamings);

/// Every word of `source`, whether it is a name, a keyword or part of a comment or string; numbers
/// are words, too. Ascending.
std::vector<ByteRange> word_ranges(std::string_view source);
/// The different ones, as views into `source`.
std::set<std::string_view> distinct_words(std::string_view source);

/// The name that `extend` gives: `word` + "_" + name, name + "_" + `word`, or the word between
/// the two sub-words nearest the middle of the name (`read_file` -> `read_rb_file`, `readFile` ->
/// `read_rb_File`); a name of one sub-word has no middle and gets the word behind it.
std::string extended_name(std::string_view name, std::string_view word, Affix affix);

/// rename() to extended_name().
std::string extend(std::string_view source, Language language, const Identifier& identifier,
                   std::string_view word, Affix affix);

/// `source` with `statement` inserted at `position` (one of Syntax::statement_positions), on a
/// line of its own with the indentation found there. Throws Error `code.bad-position`.
std::string insert_statement(std::string_view source, Language language, std::size_t position,
                             std::string_view statement);

/// insert_statement(), or nothing where the result would not parse or where a name of the function
/// would gain, lose or change its meaning at some place.
std::optional<std::string> try_insert_statement(std::string_view source, Language language,
                                                std::size_t position, std::string_view statement);

/// `source` with the literal at `literal` (one of Syntax::integer_literals) replaced by
/// `expression`, which must stand in parentheses. Throws Error `code.bad-position` and, for an
/// expression without its parentheses, `code.bad-expression`.
std::string replace_literal(std::string_view source, Language language, const ByteRange& literal,
                            std::string_view expression);

}  // namespace ncmlab
