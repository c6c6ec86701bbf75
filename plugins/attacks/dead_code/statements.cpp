// SPDX-License-Identifier: Apache-2.0
#include "statements.hpp"

#include <array>
#include <cstdint>

#include "ncmlab/code/edit.hpp"

namespace ncmlab {
namespace {

constexpr std::int64_t kFarthest = 100;  // how far out of its range a function is compared
constexpr std::size_t kLetters = 5;

/// A function of the grammar and whole bounds of what it gives on [0, 1].
struct Function {
  std::string_view name;
  std::int64_t low, high;
};
constexpr std::array<Function, 5> kFunctions = {
    {{"sin", -1, 1}, {"cos", -1, 1}, {"exp", 1, 3}, {"sqrt", 0, 1}, {"rand", 0, 1}}};

std::string letters(Rng& rng) {
  std::string text;
  for (std::size_t i = 0; i < kLetters; ++i) {
    text += static_cast<char>('a' + rng.below(26));
  }
  return text;
}

/// What the function is called in the language, with its import in Python.
struct Call {
  std::string prelude, function;
  std::vector<std::string> uses, binds;
};

Call call_of(std::string_view name, Language language) {
  const bool is_random = name == "rand";
  if (language == Language::java) {
    return {"", "Math." + std::string(is_random ? "random" : name), {"Math"}, {}};
  }
  if (language == Language::python) {
    const std::string function(is_random ? "random" : name);
    return {"from " + std::string(is_random ? "random" : "math") + " import " + function + "\n",
            function,
            {},
            {function}};
  }
  return {"", std::string(name), {std::string(name)}, {}};
}

/// The condition, behind a guard where evaluating it would draw from a generator that the program
/// may have seeded. Java's `Math.random()` cannot be seeded.
std::string guarded(const std::string& condition, Language language, bool is_random,
                    RandomDraw draw) {
  if (!is_random || draw == RandomDraw::published || language == Language::java) {
    return condition;
  }
  return (language == Language::python ? "False and " : "0 && ") + condition;
}

/// The body of a dead branch, and what it uses.
std::pair<std::string, std::string> body_of(Language language, bool throws,
                                            const std::string& message) {
  const std::string text = "\"" + message + "\"";
  switch (language) {
    case Language::java:
      return throws ? std::pair("throw new RuntimeException(" + text + ");", "RuntimeException")
                    : std::pair("System.out.println(" + text + ");", "System");
    case Language::python:
      return throws ? std::pair("raise Exception(" + text + ")", "Exception")
                    : std::pair("print(" + text + ")", "print");
    case Language::cpp:
      if (throws) {
        return {"throw " + text + ";", ""};
      }
      break;
    case Language::c:
      if (throws) {
        return {"perror(" + text + ");", "perror"};
      }
      break;
  }
  return {"printf(" + text + ");", "printf"};
}

DeadStatement branch(Language language, std::string_view keyword, Call call,
                     const std::string& condition, bool throws, const std::string& message) {
  const auto [body, used] = body_of(language, throws, message);
  DeadStatement statement{.uses = std::move(call.uses), .binds = std::move(call.binds)};
  if (!used.empty()) {
    statement.uses.emplace_back(used);
  }
  statement.text =
      call.prelude + std::string(keyword) +
      (language == Language::python ? " " + condition + ":\n    " : " (" + condition + ") ") + body;
  return statement;
}

}  // namespace

DeadStatement fixed_statement(Language language, RandomDraw draw) {
  Call call = call_of("rand", language);
  const std::string condition = guarded(call.function + "() < 0", language, true, draw);
  const bool throws = language == Language::python;
  return branch(language, "if", std::move(call), condition, throws, "fail");
}

DeadStatement grammar_statement(Language language, RandomDraw draw, Rng& rng) {
  const std::string_view keyword = rng.chance(0.5) ? "if" : "while";
  const Function& function = kFunctions[rng.below(kFunctions.size())];
  const bool is_random = function.name == "rand";
  // C's rand() has no small upper bound.
  static const std::vector<std::string> kComparisons = {"<", "<=", "==", ">", ">="};
  const std::size_t index = rng.below(is_random ? 3 : kComparisons.size());
  const std::int64_t distance = rng.between(1, kFarthest);
  const std::int64_t constant = index < 3 ? function.low - distance : function.high + distance;
  const std::string argument = is_random ? "" : "0." + std::to_string(rng.between(10, 99));
  Call call = call_of(function.name, language);
  const std::string condition = guarded(
      call.function + "(" + argument + ") " + kComparisons[index] + " " + std::to_string(constant),
      language, is_random, draw);
  const bool throws = rng.chance(0.5);
  return branch(language, keyword, std::move(call), condition, throws, letters(rng));
}

std::optional<DeadStatement> logging_loop(Language language, std::string_view code, Rng* rng) {
  if (language != Language::python) {
    return std::nullopt;
  }
  std::string variable;
  for (const char* name : {"i", "j", "k", "n", "idx", "index", "step"}) {
    if (variable.empty() && !uses_word(code, name)) {
      variable = name;
    }
  }
  if (variable.empty()) {
    return std::nullopt;
  }
  static const std::vector<std::string> kLevels = {"debug", "info", "warning", "error", "critical"};
  const std::string end = rng == nullptr ? "0" : std::to_string(rng->between(-kFarthest, 0));
  const std::string level = rng == nullptr ? "info" : rng->pick(kLevels);
  const std::string message = rng == nullptr ? "aaaaa" : letters(*rng);
  return DeadStatement{.text = "import logging\nfor " + variable + " in range(" + end +
                               "):\n    logging." + level + "(\"Test message:" + message + "\")",
                       .uses = {"range"},
                       .binds = {"logging", variable}};
}

}  // namespace ncmlab
