// SPDX-License-Identifier: Apache-2.0
#include "code/c_fixed_names.hpp"

#include <algorithm>
#include <map>
#include <span>

#include "code/c_tokens.hpp"
#include "ncmlab/code/edit.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/ascii.hpp"

namespace ncmlab::detail {
namespace {

using TokenSpan = std::span<const CToken>;
using Words = std::unordered_set<std::string_view>;

bool has_lower(std::string_view name) { return std::any_of(name.begin(), name.end(), is_lower); }
bool has_upper(std::string_view name) { return std::any_of(name.begin(), name.end(), is_upper); }

/// Macros in capitals of common headers that use their arguments' values only. Nearly every
/// function of FFmpeg and QEMU calls some of them.
bool is_value_macro(std::string_view name) {
  static const Words kNames = {
      "MAX",         "MIN",        "ABS",         "CLAMP",          "FFMAX",        "FFMIN",
      "FFMAX3",      "FFMIN3",     "FFABS",       "FFSIGN",         "FFALIGN",      "FFSWAP",
      "SWAP",        "ROUND_UP",   "ROUND_DOWN",  "DIV_ROUND_UP",   "ALIGN",        "ALIGN_UP",
      "ALIGN_DOWN",  "ARRAY_SIZE", "ARRAY_ELEMS", "FF_ARRAY_ELEMS", "G_N_ELEMENTS", "BIT",
      "BIT_MASK",    "BIT_WORD",   "MKTAG",       "MKBETAG",        "AVERROR",      "UNUSED",
      "EXTRACT",     "LOBYTE",     "HIBYTE",      "INT_MAX",        "INT16_MAX",    "UINT16_MAX",
      "WEXITSTATUS", "WIFEXITED",  "FD_SET",      "FD_CLR",         "FD_ISSET",     "FD_ZERO"};
  return kNames.contains(name) || name.starts_with("AV_RB") || name.starts_with("AV_RL") ||
         name.starts_with("AV_WB") || name.starts_with("AV_WL") || name.starts_with("AV_RN") ||
         name.starts_with("AV_WN") || name.starts_with("AV_COPY") || name.starts_with("AV_ZERO");
}

/// Lower-case macros that take a type and use no other argument as a name.
bool takes_type_and_values(std::string_view name) {
  static const Words kNames = {"va_arg",
                               "g_new",
                               "g_new0",
                               "g_renew",
                               "g_try_new",
                               "g_try_new0",
                               "g_slice_new",
                               "g_slice_new0",
                               "g_slice_free",
                               "qemu_new",
                               "static_cast",
                               "reinterpret_cast",
                               "const_cast",
                               "dynamic_cast",
                               "sizeof",
                               "alignof",
                               "_Alignof",
                               "typeof",
                               "__typeof__",
                               "__typeof",
                               "__alignof__",
                               "decltype",
                               "__builtin_types_compatible_p",
                               "__builtin_va_arg",
                               "__builtin_choose_expr",
                               "bit_cast"};
  return kNames.contains(name);
}

/// Lower-case macros whose arguments are names: fields of lists and structs.
bool is_field_macro(std::string_view name) {
  return name == "offsetof" || name == "__builtin_offsetof" || name.starts_with("container_of") ||
         name.find("for_each") != std::string_view::npos ||
         name.find("foreach") != std::string_view::npos || name.ends_with("_entry") ||
         name.ends_with("_entry_rcu") || name.ends_with("_entry_safe") ||
         name.find("upcast") != std::string_view::npos || name.ends_with("_offset_of") ||
         name.ends_with("_offsetof") || name.ends_with("_container_of");
}

bool is_attribute(std::string_view word) {
  return word == "__attribute__" || word == "__attribute" || word == "__declspec" ||
         word == "_Pragma" || word == "__pragma" || word == "alignas" || word == "_Alignas";
}

/// The index of the sign that closes the one at `open`; the number of tokens if none does.
std::size_t closing(TokenSpan tokens, std::size_t open) {
  std::size_t depth = 0;
  for (std::size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].is("(") || tokens[i].is("[") || tokens[i].is("{")) {
      ++depth;
    } else if (tokens[i].is(")") || tokens[i].is("]") || tokens[i].is("}")) {
      if (--depth == 0) {
        return i;
      }
    }
  }
  return tokens.size();
}

std::vector<TokenSpan> arguments_of(TokenSpan inside) {
  std::vector<TokenSpan> arguments;
  std::size_t begin = 0, depth = 0;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i].is("(") || inside[i].is("[") || inside[i].is("{")) {
      ++depth;
    } else if (inside[i].is(")") || inside[i].is("]") || inside[i].is("}")) {
      --depth;
    } else if (inside[i].is(",") && depth == 0) {
      arguments.push_back(inside.subspan(begin, i - begin));
      begin = i + 1;
    }
  }
  arguments.push_back(inside.subspan(begin));
  return arguments;
}

struct Macro : CMacro {
  bool uses_text = false;  ///< stringifies, pastes or takes an argument for a name
};

}  // namespace

/// Reads the text once; then the names are known.
class CNameReader {
 public:
  CNameReader(CFixedNames& names, std::string_view source,
              const std::function<bool(std::string_view)>& is_own)
      : names_(names), text_(read_c_tokens(source)), is_own_(is_own) {}

  void run() {
    for (const CDirective& directive : text_.directives) {
      if (directive.name == "define") {
        define(directive);
      } else if (directive.name == "pragma") {
        fix(directive.tokens);
      }
    }
    for (bool has_changed = true; has_changed;) {
      has_changed = false;
      for (auto& [name, macro] : macros_) {
        if (!macro.uses_text && body_uses_text(macro)) {
          macro.uses_text = has_changed = true;
        }
      }
    }
    const bool some_use_text = std::any_of(
        macros_.begin(), macros_.end(), [](const auto& entry) { return entry.second.uses_text; });
    for (const auto& [name, macro] : macros_) {
      if (some_use_text && !macro.has_parameters) {
        fix(macro.body);  // what stands for a name is replaced by it before it becomes text
      }
      scan(macro.body);
    }
    scan(text_.tokens);
  }

 private:
  void fix(TokenSpan tokens) {
    fix_words(tokens);
    for (const CToken& token : tokens) {
      if (token.kind == CTokenKind::literal) {
        for (const ByteRange& range : word_ranges(token.text)) {
          names_.names_.insert(token.text.substr(range.begin, range.size()));
        }
      }
    }
  }

  void fix_words(TokenSpan tokens) {
    for (const CToken& token : tokens) {
      if (token.is_word()) {
        names_.names_.insert(token.text);
      }
    }
  }

  void define(const CDirective& directive) {
    Macro macro{read_macro(directive)};
    if (macro.name.empty()) {
      return;
    }
    if (!macro.has_parameters && is_own_(macro.name)) {
      names_.names_.insert(macro.name);
    }
    note_pasting(macro);
    macros_.emplace(macro.name, macro);
  }

  /// `left_##x`: names that begin with `left_`.
  void note_pasting(Macro& macro) {
    const TokenSpan body = macro.body;
    const auto part = [&](const CToken& token) {
      return macro.parameters.contains(token.text) ? std::string_view() : token.text;
    };
    for (std::size_t i = 1; i + 1 < body.size(); ++i) {
      if (!body[i].is("##") || !body[i - 1].is_word()) {
        continue;
      }
      macro.uses_text = true;
      std::size_t last = i + 1;
      while (last + 2 < body.size() && body[last + 1].is("##")) {
        last += 2;
      }
      names_.pasted_.emplace_back(part(body[i - 1]), part(body[last]));
      i = last;
    }
  }

  bool holds_parameter(const Macro& macro, TokenSpan tokens) const {
    return std::any_of(tokens.begin(), tokens.end(),
                       [&](const CToken& token) { return macro.parameters.contains(token.text); });
  }

  bool body_uses_text(const Macro& macro) const {
    const TokenSpan body = macro.body;
    for (std::size_t i = 0; i < body.size(); ++i) {
      if (!macro.has_parameters && stands_for_text_macro(body[i].text)) {
        return true;  // `#define SHOW STRINGIFY`
      }
      if (i > 0 && macro.parameters.contains(body[i].text)) {
        const CToken& before = body[i - 1];
        if (before.is("#") || before.is("##") || before.is(".") || before.is("->") ||
            before.is("struct") || before.is("union") || before.is("enum") || before.is("goto")) {
          return true;
        }
      }
      const TokenSpan inside = arguments_at(body, i);
      if (!inside.empty() && holds_parameter(macro, inside) && may_use_text(body, i, inside)) {
        return true;
      }
    }
    return false;
  }

  /// What stands between the parentheses after the word at `i`.
  static TokenSpan arguments_at(TokenSpan tokens, std::size_t i) {
    if (!tokens[i].is_word() || i + 2 >= tokens.size() || !tokens[i + 1].is("(")) {
      return {};
    }
    const std::size_t end = closing(tokens, i + 1);
    return tokens.subspan(i + 2, std::min(end, tokens.size()) - i - 2);
  }

  void scan(TokenSpan tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].is("[") && i + 1 < tokens.size() && tokens[i + 1].is("[") &&
          tokens[i + 1].text.data() == tokens[i].text.data() + 1) {
        fix_words(tokens.subspan(i, std::min(closing(tokens, i), tokens.size()) - i));
      }
      const TokenSpan inside = arguments_at(tokens, i);
      if (inside.empty()) {
        continue;
      }
      if (is_attribute(tokens[i].text)) {
        fix(inside);
      } else if (may_use_text(tokens, i, inside)) {
        fix_words(inside);
      }
    }
  }

  /// Whether one of the definitions of the macro `name` uses the text of its arguments.
  bool stands_for_text_macro(std::string_view name) const {
    const auto [first, last] = macros_.equal_range(name);
    return std::any_of(first, last, [](const auto& entry) { return entry.second.uses_text; });
  }

  /// Whether the callee at `i` may be a macro to which its arguments are more than values.
  bool may_use_text(TokenSpan tokens, std::size_t i, TokenSpan inside) const {
    const std::string_view name = tokens[i].text;
    const bool is_member =
        i > 0 && (tokens[i - 1].is(".") || tokens[i - 1].is("->") || tokens[i - 1].is("::"));
    if (macros_.contains(name)) {
      return stands_for_text_macro(name);
    }
    if (is_member || is_header(tokens, i, inside) || is_own_(name) || is_c_library_function(name) ||
        takes_type_and_values(name) || !is_valid_identifier(name, Language::cpp)) {
      return false;
    }
    if (is_field_macro(name) || takes_a_type(inside)) {
      return true;
    }
    // With a text of its own to print, a macro has no need of the text of its arguments.
    return !has_lower(name) && has_upper(name) && !is_value_macro(name) &&
           !prints_by_format(inside);
  }

  /// `HELPER(add)(int x)` before the body: the function's name, which a macro makes from another.
  static bool is_header(TokenSpan tokens, std::size_t i, TokenSpan inside) {
    return inside.size() == 1 && i + 4 < tokens.size() && tokens[i + 4].is("(") &&
           std::none_of(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(i),
                        [](const CToken& token) { return token.is("{"); });
  }

  static bool prints_by_format(TokenSpan inside) {
    return std::any_of(inside.begin(), inside.end(), [](const CToken& token) {
      return token.kind == CTokenKind::literal && token.text.front() == '"';
    });
  }

  /// Whether one of the arguments is a type, or none at all: a function has only values.
  bool takes_a_type(TokenSpan inside) const {
    for (const TokenSpan argument : arguments_of(inside)) {
      if (argument.empty() || is_type(argument)) {
        return true;
      }
    }
    return false;
  }

  bool is_type(TokenSpan argument) const {
    static const Words kTypeWords = {"struct", "union",    "enum", "const", "volatile", "void",
                                     "char",   "short",    "int",  "long",  "float",    "double",
                                     "signed", "unsigned", "bool", "_Bool", "auto"};
    const std::string_view first = argument.front().text;
    if (!argument.front().is_word()) {
      return false;
    }
    if (kTypeWords.contains(first)) {
      // `int(x)` of C++ is a value.
      return argument.size() == 1 || !argument[1].is("(");
    }
    if (argument.back().is("*")) {
      return true;
    }
    const bool is_typedef = first.ends_with("_t");
    const bool is_camel = is_upper(first.front()) && has_lower(first);
    return argument.size() == 1 && (is_typedef || is_camel) && !is_own_(first);
  }

  CFixedNames& names_;
  CTokens text_;
  const std::function<bool(std::string_view)>& is_own_;
  std::multimap<std::string_view, Macro>
      macros_;  ///< of each name all definitions: branches of `#if`
};

bool is_c_library_function(std::string_view name) {
  static const Words kNames = {
      "abort",    "abs",     "atof",   "atoi",      "atol",   "calloc",      "ceil",    "close",
      "cos",      "exit",    "exp",    "fabs",      "fclose", "fflush",      "fgets",   "floor",
      "fopen",    "fprintf", "fputc",  "fputs",     "fread",  "free",        "fscanf",  "fseek",
      "ftell",    "fwrite",  "getc",   "getenv",    "ioctl",  "isalnum",     "isalpha", "isdigit",
      "isspace",  "labs",    "ldexp",  "log",       "lseek",  "malloc",      "memchr",  "memcmp",
      "memcpy",   "memmove", "memset", "open",      "perror", "pow",         "printf",  "putc",
      "putchar",  "puts",    "qsort",  "rand",      "read",   "realloc",     "sin",     "sleep",
      "snprintf", "sprintf", "sqrt",   "srand",     "sscanf", "strcasecmp",  "strcat",  "strchr",
      "strcmp",   "strcpy",  "strdup", "strerror",  "strlen", "strncasecmp", "strncat", "strncmp",
      "strncpy",  "strrchr", "strstr", "strtod",    "strtok", "strtol",      "strtoul", "strtoull",
      "tolower",  "toupper", "usleep", "vsnprintf", "write"};
  return kNames.contains(name);
}

CFixedNames::CFixedNames(std::string_view source, std::function<bool(std::string_view)> is_own) {
  CNameReader(*this, source, is_own).run();
}

bool CFixedNames::holds(std::string_view name) const {
  return names_.contains(name) ||
         std::any_of(pasted_.begin(), pasted_.end(), [&](const auto& parts) {
           return name.size() >= parts.first.size() + parts.second.size() &&
                  name.starts_with(parts.first) && name.ends_with(parts.second);
         });
}

}  // namespace ncmlab::detail
