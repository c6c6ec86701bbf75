// SPDX-License-Identifier: Apache-2.0
#include "method_writer.hpp"

#include <set>
#include <string_view>
#include <vector>

#include "method_templates.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/data/generated_corpus.hpp"

namespace ncmlab {
namespace {

using Pool = std::vector<std::string_view>;

const Pool kVerbs = {"compute", "process", "handle", "get",   "run",     "apply", "evaluate",
                     "perform", "resolve", "derive", "build", "inspect", "check", "update"};
const Pool kNouns = {"Result", "Value", "Data", "Items", "Entry", "Input",  "Block", "Record",
                     "State",  "Task",  "Node", "Info",  "Range", "Buffer", "Field", "Batch"};

const Pool& pool_of(char hole) {
  static const std::map<char, Pool> pools = {
      {'a', {"values", "numbers", "data", "array", "items", "input", "list", "elements", "nums"}},
      {'s', {"text", "str", "source", "line", "content", "word", "input", "message", "reader"}},
      {'n', {"n", "x", "key", "first", "target", "number", "p", "needle"}},
      {'m', {"m", "y", "other", "second", "q", "divisor", "b"}},
      {'r', {"result", "res", "total", "out", "answer", "ret", "best", "current"}},
      {'i', {"i", "index", "pos", "idx", "at", "step"}},
      {'j', {"j", "k", "inner", "cursor", "next"}},
      {'v', {"value", "v", "item", "element", "each", "c", "entry"}},
      {'t', {"temp", "tmp", "swap", "copy", "held", "saved", "part"}}};
  static const Pool none;
  const auto found = pools.find(hole);
  return found == pools.end() ? none : found->second;
}

std::string method_name(Rng& rng) {
  std::string name(rng.pick(kVerbs));
  name += rng.pick(kNouns);
  if (rng.chance(0.4)) {
    name += rng.pick(kNouns);
  }
  return name;
}

/// Statements that change nothing, for the start of the method.
std::vector<std::string> fillers(std::uint64_t seed) {
  Rng rng(seed);
  const Pool names = {"started", "mark", "count", "unused", "offset", "flag", "level"};
  const std::vector<std::size_t> two = rng.sample(names.size(), 2);
  std::vector<std::string> lines;
  for (std::int64_t i = rng.between(1, 2); i > 0; --i) {
    const std::string name(names[two[static_cast<std::size_t>(i - 1)]]);
    const std::string number = std::to_string(rng.between(0, 9));
    switch (rng.below(4)) {
      case 0:
        lines.push_back("    int " + name + " = " + number + ";");
        break;
      case 1:
        lines.push_back("    long " + name + " = System.nanoTime();");
        break;
      case 2:
        lines.push_back("    System.out.println(\"" + name + " " + number + "\");");
        break;
      default:
        lines.push_back("    java.util.logging.Logger.getLogger(\"" + name + "\").fine(\"" +
                        number + "\");");
    }
  }
  return lines;
}

/// Other indentation, braces, modifiers and comments.
std::string laid_out(const std::vector<std::string>& lines, std::uint64_t seed) {
  Rng rng(seed);
  const Pool modifiers = {"public ", "private ", "static ", "public static ", "protected ", ""};
  const Pool comments = {"checked", "see above", "main part", "simple version", "may be slow"};
  const std::vector<std::string> units = {"    ", "\t", "  "};
  const std::string& unit = rng.pick(units);
  const bool brace_below = rng.chance(0.25);
  const bool block_comment = rng.chance(0.2);
  std::string out;
  if (block_comment) {
    out += "/** " + std::string(rng.pick(comments)) + " */\n";
  }
  out += rng.pick(modifiers);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t depth = lines[i].find_first_not_of(' ') / 4;
    std::string indent;
    for (std::size_t level = 0; level < depth; ++level) {
      indent += unit;
    }
    std::string line = lines[i].substr(depth * 4);
    if (i == 0 && brace_below) {
      line = line.substr(0, line.size() - 2) + "\n{";
    }
    out += indent + line;
    if (i > 0 && line.ends_with(';') && rng.chance(0.08)) {
      out += " // " + std::string(rng.pick(comments));
    }
    out += "\n";
    if (i > 0 && i + 1 < lines.size() && rng.chance(0.05)) {
      out += "\n";
    }
  }
  return out;
}

}  // namespace

std::size_t method_families() { return method_templates().size(); }

std::size_t implementations_of(std::size_t family) { return method_templates()[family].size(); }

void rename_all(MethodPlan& plan, Rng& rng) {
  std::set<std::string> used;
  plan.names.clear();
  for (const char hole : std::string_view("asnmrijvt")) {
    std::string name;
    do {
      name = rng.pick(pool_of(hole));
    } while (!used.insert(name).second);
    plan.names[hole] = name;
  }
  plan.names['f'] = method_name(rng);
}

MethodPlan draw_method(std::size_t family, bool second_form, Rng& rng) {
  MethodPlan plan;
  plan.family = family;
  plan.second_form = second_form;
  plan.implementation = rng.below(implementations_of(family));
  plan.layout = rng.next();
  plan.filler = rng.chance(0.3) ? rng.next() : 0;
  rename_all(plan, rng);
  return plan;
}

std::string write_method(const MethodPlan& plan) {
  const std::string text(method_templates()[plan.family][plan.implementation]);
  std::vector<std::string> lines =
      split_at(fill_holes(choose_form(text, plan.second_form),
                          [&](char hole) { return plan.names.at(hole); }),
               '\n');
  if (plan.filler != 0) {
    const std::vector<std::string> extra = fillers(plan.filler);
    lines.insert(lines.begin() + 1, extra.begin(), extra.end());
  }
  return laid_out(lines, plan.layout);
}

}  // namespace ncmlab
