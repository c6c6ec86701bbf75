// SPDX-License-Identifier: Apache-2.0
#include "function_writer.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "name_pools.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/data/generated_corpus.hpp"

namespace ncmlab {
namespace {

struct ReturnType {
  std::string_view name;
  std::vector<std::string_view> failures;  ///< statements that leave the function on an error
  std::string_view success;                ///< what a function without a result returns
};

const std::vector<ReturnType> kReturnTypes = {
    {"int", {"return -1;", "return -EINVAL;", "return 1;", "return -2;"}, "return 0;"},
    {"int", {"return -1;", "return 0;"}, "return 1;"},
    {"long", {"return -1;", "return 0;"}, "return 0;"},
    {"void", {"return;"}, ""},
    {"bool", {"return false;"}, "return true;"},
};

/// What is decided once for a whole function.
struct Style {
  ReturnType returns;
  std::string failure;
  bool brace_on_own_line = true;
  int null_test = 0;  ///< 0: `!p`, 1: `p == NULL`
};

constexpr const char* kIndent = "    ";
constexpr std::ptrdiff_t kFewestStatementLines = 3;

/// Replaces each `@(a@|b@)` by one of its alternatives, innermost first.
std::string choose_alternatives(std::string text, Rng& rng) {
  for (std::size_t begin = text.rfind("@("); begin != std::string::npos; begin = text.rfind("@(")) {
    const std::size_t end = text.find("@)", begin);
    std::vector<std::string> choices;
    std::size_t from = begin + 2;
    for (std::size_t bar = text.find("@|", from); bar < end; bar = text.find("@|", from)) {
      choices.push_back(text.substr(from, bar - from));
      from = bar + 2;
    }
    choices.push_back(text.substr(from, end - from));
    text.replace(begin, end + 2 - begin, rng.pick(choices));
  }
  return text;
}

/// Fills the holes of one pattern; names are new to the whole function.
class HoleFiller {
 public:
  HoleFiller(const Style& style, std::set<std::string>& taken, Rng& rng)
      : style_(style), taken_(taken), rng_(rng) {}

  std::string fill(std::string_view text) {
    std::string filled;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] != '$') {
        filled += text[at];
        continue;
      }
      ++at;
      const char test = text[at];
      if (test == '0' || test == '1') {
        ++at;
      }
      std::string hole(1, text[at]);
      if (at + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[at + 1]))) {
        hole += text[++at];
      }
      filled += test == '0' || test == '1' ? null_test(name_of(hole), test == '1') : name_of(hole);
    }
    return filled;
  }

 private:
  std::string null_test(const std::string& name, bool holds_if_set) const {
    if (style_.null_test == 0) {
      return holds_if_set ? name : "!" + name;
    }
    return name + (holds_if_set ? " != NULL" : " == NULL");
  }

  const std::string& name_of(const std::string& hole) {
    const auto known = names_.find(hole);
    return known != names_.end() ? known->second : names_.emplace(hole, invent(hole)).first->second;
  }

  std::string invent(const std::string& hole) {
    switch (hole.front()) {
      case 'R':
        return "$R";
      case 'r':
        return style_.failure;
      case 'h':
        return random_function_name(rng_);
      default:
        break;
    }
    const auto& pool = name_pool(hole.front());
    const bool is_scoped =
        std::string_view("fgmTKcoq").find(hole.front()) == std::string_view::npos;
    std::string name(rng_.pick(pool));
    while (is_scoped && !taken_.insert(name).second) {
      name = std::string(rng_.pick(pool));
    }
    return name;
  }

  const Style& style_;
  std::set<std::string>& taken_;
  Rng& rng_;
  std::map<std::string, std::string> names_;
};

struct Segment {
  std::string parameters;
  std::string statements;  ///< holes filled, both forms still there
  std::string result;
  bool ends_function = false;
};

Segment write_segment(const DefectPattern& pattern, const Style& style,
                      std::set<std::string>& taken, Rng& rng) {
  HoleFiller filler(style, taken, rng);
  Segment segment;
  segment.parameters = filler.fill(choose_alternatives(std::string(pattern.parameters), rng));
  segment.statements = filler.fill(choose_alternatives(std::string(pattern.statements), rng));
  segment.result = filler.fill(pattern.result);
  segment.ends_function = pattern.ends_function;
  return segment;
}

/// One statement line with the function's indentation; a guard's exit goes to lines of its own.
void append_line(std::string line, const Style& style, std::string& code) {
  std::size_t blanks = line.find_first_not_of(' ');
  const bool is_label = line.back() == ':' && line.find(' ') == std::string::npos;
  std::string indent;
  for (std::size_t depth = is_label ? 1 : 0; depth <= blanks / 4; ++depth) {
    indent += kIndent;
  }
  line.erase(0, blanks);
  const std::size_t guard = line.find(" $R");
  if (guard == std::string::npos) {
    code += indent + line + "\n";
    return;
  }
  line.erase(guard);
  code += indent + line + "\n";
  code += indent + kIndent + style.failure + "\n";
}

std::string header(const std::string& name, const std::vector<Segment>& segments,
                   const Style& style, bool is_static) {
  std::string parameters;
  for (const Segment& segment : segments) {
    if (!segment.parameters.empty()) {
      parameters += (parameters.empty() ? "" : ", ") + segment.parameters;
    }
  }
  return (is_static ? "static " : "") + std::string(style.returns.name) + " " + name + "(" +
         (parameters.empty() ? "void" : parameters) + ")" +
         (style.brace_on_own_line ? "\n{\n" : " {\n");
}

/// The last statements: the results are returned, or handed to `sink` where nothing can be.
std::vector<std::string> ending(const std::vector<Segment>& segments, const Style& style,
                                const std::string& sink) {
  if (segments.back().ends_function) {
    return {};
  }
  std::string sum, arguments;
  for (const Segment& segment : segments) {
    if (!segment.result.empty()) {
      sum += (sum.empty() ? "" : " + ") + segment.result;
      arguments += (arguments.empty() ? "" : ", ") + segment.result;
    }
  }
  std::vector<std::string> lines;
  const bool returns_number = style.returns.name != "void" && style.returns.name != "bool";
  if (!sum.empty() && returns_number) {
    return {"return " + sum + ";"};
  }
  if (!sum.empty()) {
    lines.push_back(sink + "(" + arguments + ");");
  }
  if (!style.returns.success.empty()) {
    lines.emplace_back(style.returns.success);
  }
  return lines;
}

std::string assemble(const std::string& head, const std::vector<Segment>& segments,
                     const std::vector<std::string>& ending, const Style& style, bool defective) {
  std::string code = head;
  for (const Segment& segment : segments) {
    for (const std::string& line : split_at(choose_form(segment.statements, defective), '\n')) {
      if (!line.empty()) {
        append_line(line, style, code);
      }
    }
  }
  for (const std::string& line : ending) {
    append_line(line, style, code);
  }
  return code + "}\n";
}

DefectKind random_kind(Rng& rng) { return static_cast<DefectKind>(rng.below(kDefectKinds)); }

/// Lines of the shorter form: a defect is mostly a line that is missing.
std::ptrdiff_t line_count(const DefectPattern& pattern) {
  const std::string text = choose_form(std::string(pattern.statements), true);
  return 1 + std::count(text.begin(), text.end(), '\n');
}

/// The pattern under test and its companions, in the order in which they stand.
std::vector<std::pair<const DefectPattern*, bool>> random_patterns(const DefectPattern& target,
                                                                   Rng& rng) {
  const double draw = rng.uniform();
  const std::size_t wanted = draw < 0.55 ? 1 : draw < 0.97 ? 2 : 3;
  std::vector<std::pair<const DefectPattern*, bool>> patterns = {{&target, true}};
  std::ptrdiff_t lines = line_count(target);
  while (patterns.size() < wanted || lines < kFewestStatementLines) {
    const DefectPattern* companion = &target;
    while (companion == &target || companion->ends_function) {
      companion = rng.chance(0.35) ? &rng.pick(neutral_patterns())
                                   : &rng.pick(defect_patterns(random_kind(rng)));
    }
    patterns.emplace_back(companion, false);
    lines += line_count(*companion);
  }
  rng.shuffle(patterns);
  std::stable_partition(patterns.begin(), patterns.end(),
                        [](const auto& pattern) { return !pattern.first->ends_function; });
  return patterns;
}

Style random_style(bool must_return_int, Rng& rng) {
  Style style;
  style.returns = must_return_int ? kReturnTypes.front() : rng.pick(kReturnTypes);
  style.failure = std::string(rng.pick(style.returns.failures));
  style.brace_on_own_line = rng.chance(0.6);
  style.null_test = rng.chance(0.5) ? 0 : 1;
  return style;
}

}  // namespace

FunctionPair write_function_pair(Rng& rng) {
  FunctionPair pair;
  pair.kind = random_kind(rng);
  pair.pattern = rng.below(defect_patterns(pair.kind).size());
  const auto patterns = random_patterns(defect_patterns(pair.kind)[pair.pattern], rng);
  const Style style = random_style(patterns.back().first->ends_function, rng);
  const std::string name = random_function_name(rng);
  std::set<std::string> taken = {name};
  std::vector<Segment> segments;
  for (const auto& [pattern, is_target] : patterns) {
    segments.push_back(write_segment(*pattern, style, taken, rng));
    if (!is_target) {
      segments.back().statements = choose_form(segments.back().statements, false);
    }
  }
  const std::string head = header(name, segments, style, rng.chance(0.4));
  const auto last = ending(segments, style, random_function_name(rng));
  pair.sound = assemble(head, segments, last, style, false);
  pair.defective = assemble(head, segments, last, style, true);
  return pair;
}

}  // namespace ncmlab
