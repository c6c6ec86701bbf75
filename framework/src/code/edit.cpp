// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/code/edit.hpp"

#include <algorithm>
#include <utility>

#include "code/characters.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

void check_new_name(const Identifier& identifier, std::string_view new_name, Language language,
                    const std::set<std::string_view>& taken) {
  if (!is_valid_identifier(new_name, language)) {
    throw Error("code.bad-name", "`" + std::string(new_name) + "` is no identifier of `" +
                                     std::string(to_string(language)) + "`");
  }
  if (taken.contains(new_name)) {
    throw Error("code.name-taken",
                "cannot rename `" + identifier.name + "` to `" + std::string(new_name) +
                    "`: the function already uses that word",
                {"choose a word that does not occur in the function"});
  }
}

void check_occurrences(std::string_view source, const Identifier& identifier) {
  std::size_t last_end = 0;
  for (const ByteRange& range : identifier.occurrences) {
    const bool fits = range.begin >= last_end && range.begin <= range.end &&
                      range.end <= source.size() &&
                      source.substr(range.begin, range.size()) == identifier.name;
    if (!fits) {
      throw Error("code.other-source",
                  "identifier `" + identifier.name + "` does not stand at byte " +
                      std::to_string(range.begin) + " of the source",
                  {"take the identifier from parse() of the same source"});
    }
    last_end = range.end;
  }
}

std::string extended_in_the_middle(std::string_view name, std::string_view word) {
  const std::vector<std::string_view> parts = sub_words(name);
  std::size_t best = 0, nearest = name.size() + 1;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t twice = 2 * static_cast<std::size_t>(parts[i].data() - name.data());
    const std::size_t distance = twice > name.size() ? twice - name.size() : name.size() - twice;
    if (distance < nearest) {
      nearest = distance;
      best = i;
    }
  }
  if (best == 0) {
    return extended_name(name, word, Affix::suffix);
  }
  const auto split = static_cast<std::size_t>(parts[best].data() - name.data());
  std::string result(name.substr(0, split));
  if (result.back() != '_') {
    result += '_';
  }
  return result.append(word).append("_").append(name.substr(split));
}

/// The white space at the start of the line that holds `position`.
std::string_view indentation(std::string_view source, std::size_t line, std::size_t position) {
  std::size_t end = line;
  while (end < position && (source[end] == ' ' || source[end] == '\t' || source[end] == '\f')) {
    ++end;
  }
  return source.substr(line, end - line);
}

std::string indented_lines(std::string_view statement, std::string_view indent,
                           std::string_view newline) {
  const auto last = statement.find_last_not_of(" \t\r\n");
  statement = statement.substr(0, last == std::string_view::npos ? 0 : last + 1);
  std::string result;
  for (std::size_t begin = 0; begin <= statement.size();) {
    const std::size_t end = std::min(statement.find('\n', begin), statement.size());
    std::string_view line = statement.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
    }
    result.append(begin == 0 || line.empty() ? std::string_view() : indent)
        .append(line)
        .append(newline);
    begin = end + 1;
  }
  return result;
}

const Identifier* find_same(const Syntax& syntax, const Identifier& identifier) {
  const auto found = std::find_if(
      syntax.identifiers.begin(), syntax.identifiers.end(), [&](const Identifier& other) {
        return other.name == identifier.name && other.kind == identifier.kind;
      });
  return found == syntax.identifiers.end() ? nullptr : &*found;
}

/// Whether the identifiers stand at as many places as before the bytes `inserted`, and new ones
/// nowhere else than in those.
bool keeps_identifiers(const Syntax& before, const Syntax& after, const ByteRange& inserted) {
  const auto is_kept = [&](const Identifier& identifier) {
    const Identifier* same = find_same(after, identifier);
    return same != nullptr && same->occurrences.size() == identifier.occurrences.size();
  };
  const auto is_apart = [&](const Identifier& identifier) {
    return find_same(before, identifier) != nullptr ||
           std::all_of(identifier.occurrences.begin(), identifier.occurrences.end(),
                       [&](const ByteRange& range) {
                         return range.begin >= inserted.begin && range.end <= inserted.end;
                       });
  };
  return std::all_of(before.identifiers.begin(), before.identifiers.end(), is_kept) &&
         std::all_of(after.identifiers.begin(), after.identifiers.end(), is_apart);
}

}  // namespace

bool uses_word(std::string_view source, std::string_view word) {
  for (std::size_t at = source.find(word); at != std::string_view::npos;
       at = source.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !detail::is_word_byte(source[at - 1])) &&
        (end == source.size() || !detail::is_word_byte(source[end]))) {
      return true;
    }
  }
  return false;
}

std::vector<ByteRange> word_ranges(std::string_view source) {
  std::vector<ByteRange> ranges;
  for (std::size_t begin = 0; begin < source.size(); ++begin) {
    std::size_t end = begin;
    while (end < source.size() && detail::is_word_byte(source[end])) {
      ++end;
    }
    if (end > begin) {
      ranges.push_back({begin, end});
      begin = end;
    }
  }
  return ranges;
}

std::set<std::string_view> distinct_words(std::string_view source) {
  std::set<std::string_view> words;
  for (const ByteRange& range : word_ranges(source)) {
    words.insert(source.substr(range.begin, range.size()));
  }
  return words;
}

std::string rename_all(std::string_view source, Language language,
                       const std::vector<Renaming>& renamings) {
  std::set<std::string_view> taken = distinct_words(source);
  std::vector<std::pair<ByteRange, std::string_view>> replacements;
  std::size_t growth = 0;
  for (const auto& [identifier, new_name] : renamings) {
    check_new_name(*identifier, new_name, language, taken);
    check_occurrences(source, *identifier);
    taken.insert(new_name);
    growth += identifier->occurrences.size() * new_name.size();
    for (const ByteRange& range : identifier->occurrences) {
      replacements.emplace_back(range, new_name);
    }
  }
  std::ranges::sort(replacements, {}, [](const auto& entry) { return entry.first.begin; });
  std::string result;
  result.reserve(source.size() + growth);
  std::size_t copied = 0;
  for (const auto& [range, new_name] : replacements) {
    result.append(source.substr(copied, range.begin - copied)).append(new_name);
    copied = range.end;
  }
  return result.append(source.substr(copied));
}

std::string rename(std::string_view source, Language language, const Identifier& identifier,
                   std::string_view new_name) {
  return rename_all(source, language, {{&identifier, std::string(new_name)}});
}

std::optional<std::string> try_rename(std::string_view source, Language language,
                                      const Identifier& identifier, std::string_view new_name) {
  if (!is_valid_identifier(new_name, language) || uses_word(source, new_name)) {
    return std::nullopt;
  }
  std::string edited = rename(source, language, identifier, new_name);
  return parse(edited, language).has_error ? std::nullopt : std::optional(std::move(edited));
}

std::string extended_name(std::string_view name, std::string_view word, Affix affix) {
  if (affix == Affix::middle) {
    return extended_in_the_middle(name, word);
  }
  const std::string_view first = affix == Affix::prefix ? word : name;
  const std::string_view second = affix == Affix::prefix ? name : word;
  return std::string(first).append("_").append(second);
}

std::string extend(std::string_view source, Language language, const Identifier& identifier,
                   std::string_view word, Affix affix) {
  return rename(source, language, identifier, extended_name(identifier.name, word, affix));
}

std::string insert_statement(std::string_view source, Language language, std::size_t position,
                             std::string_view statement) {
  const Syntax syntax = parse(source, language);
  if (!std::binary_search(syntax.statement_positions.begin(), syntax.statement_positions.end(),
                          position)) {
    throw Error("code.bad-position",
                "no statement can be inserted at byte " + std::to_string(position) +
                    ": expected one of the function's " +
                    std::to_string(syntax.statement_positions.size()) + " statement positions",
                {"take the position from parse() of the same source"});
  }
  const std::string_view before = source.substr(0, position);
  const std::size_t last_newline = before.rfind('\n');
  const std::size_t line = last_newline == std::string_view::npos ? 0 : last_newline + 1;
  const std::size_t any_newline = source.find('\n');
  const bool is_crlf =
      any_newline != std::string_view::npos && any_newline > 0 && source[any_newline - 1] == '\r';
  const std::string_view newline = is_crlf ? "\r\n" : "\n";

  std::string indent(indentation(source, line, position));
  std::string result(before);
  if (line + indent.size() != position) {
    if (language == Language::python) {
      // The suite of a one-line `if x: y` must be deeper than its header.
      indent += indent.find('\t') == std::string::npos ? "    " : "\t";
    }
    result.append(newline).append(indent);
  }
  result += indented_lines(statement, indent, newline);
  return result.append(indent).append(source.substr(position));
}

std::optional<std::string> try_insert_statement(std::string_view source, Language language,
                                                std::size_t position, std::string_view statement) {
  std::string edited = insert_statement(source, language, position, statement);
  const Syntax before = parse(source, language), after = parse(edited, language);
  const ByteRange inserted{position, position + edited.size() - source.size()};
  // What is withheld is not among the identifiers, whose places show what the statement means.
  const bool uses_withheld =
      std::any_of(before.withheld.begin(), before.withheld.end(),
                  [&](const std::string& name) { return uses_word(statement, name); });
  if (after.has_error || uses_withheld || !keeps_identifiers(before, after, inserted)) {
    return std::nullopt;
  }
  return edited;
}

std::string replace_literal(std::string_view source, Language language, const ByteRange& literal,
                            std::string_view expression) {
  if (expression.size() < 2 || expression.front() != '(' || expression.back() != ')') {
    throw Error("code.bad-expression",
                "expected an expression in parentheses, found `" + std::string(expression) + "`");
  }
  const Syntax syntax = parse(source, language);
  const auto& literals = syntax.integer_literals;
  if (std::find(literals.begin(), literals.end(), literal) == literals.end()) {
    throw Error("code.bad-position",
                "no literal that can be replaced stands at byte " + std::to_string(literal.begin),
                {"take the position from parse() of the same source"});
  }
  return std::string(source.substr(0, literal.begin))
      .append(expression)
      .append(source.substr(literal.end));
}

}  // namespace ncmlab
