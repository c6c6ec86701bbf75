// SPDX-License-Identifier: Apache-2.0
// Properties of the edits on functions of real data sets.
#include <gtest/gtest.h>

#include <cstdint>

#include "expectations.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "real_functions.hpp"

using ncmlab::Language;

namespace {

std::size_t count_words(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    ++count;
  }
  return count;
}

void check_renaming(const std::string& source, Language language, const ncmlab::Syntax& before,
                    std::size_t index) {
  const ncmlab::Identifier& identifier = before.identifiers[index];
  const std::string fresh = "qzx_" + std::to_string(index);
  const std::string edited = ncmlab::rename(source, language, identifier, fresh);
  const ncmlab::Syntax after = ncmlab::parse(edited, language);
  ASSERT_FALSE(after.has_error) << identifier.name << "\n" << edited;
  // What a call of the function's own name means depends on that name and on `self`.
  const bool changes_calls = identifier.kind == ncmlab::IdentifierKind::function_name ||
                             identifier.name == "self" || identifier.name == "cls";
  if (!changes_calls) {
    // Where a name had two meanings, one less may let more be known of others.
    ASSERT_GE(after.identifiers.size(), before.identifiers.size()) << identifier.name << edited;
  }
  const ncmlab::Identifier* renamed = after.find(fresh);
  ASSERT_NE(renamed, nullptr) << identifier.name << "\n" << edited;
  EXPECT_EQ(renamed->kind, identifier.kind);
  EXPECT_EQ(renamed->occurrences.size(), identifier.occurrences.size());
  EXPECT_EQ(count_words(edited, fresh), identifier.occurrences.size());
  try {
    EXPECT_EQ(ncmlab::rename(edited, language, *renamed, identifier.name), source);
  } catch (const ncmlab::Error& error) {
    // The old name still stands there in another role, for example as a field.
    EXPECT_EQ(error.diagnostics().front().code, "code.name-taken");
  }
}

void check_insertions(const std::string& source, Language language, const ncmlab::Syntax& before,
                      std::size_t index) {
  const std::string statement =
      language == Language::python ? "if 0: qzx = 1" : "if (0) { qzx = 1; }";
  const std::size_t position = before.statement_positions[index];
  const std::string edited = ncmlab::insert_statement(source, language, position, statement);
  const ncmlab::Syntax after = ncmlab::parse(edited, language);
  ASSERT_FALSE(after.has_error) << "at " << position << "\n" << edited;
  EXPECT_GT(after.statement_positions.size(), before.statement_positions.size()) << edited;
}

void check_literal(const std::string& source, Language language, const ncmlab::Syntax& before,
                   std::size_t index) {
  const ncmlab::ByteRange& literal = before.integer_literals[index];
  const std::string edited = ncmlab::replace_literal(source, language, literal, "((1 + 0) * 2)");
  const ncmlab::Syntax after = ncmlab::parse(edited, language);
  ASSERT_FALSE(after.has_error) << "at " << literal.begin << "\n" << edited;
  EXPECT_EQ(after.identifiers.size(), before.identifiers.size()) << edited;
  EXPECT_EQ(after.statement_positions.size(), before.statement_positions.size()) << edited;
}

void check_all(const std::vector<ncmlab::Example>& functions) {
  std::size_t checked = 0;
  for (const auto& [id, source, other_code, query, label, language] : functions) {
    const ncmlab::Syntax syntax = ncmlab::parse(source, language);
    if (syntax.has_error) {
      continue;
    }
    ++checked;
    for (std::size_t i = 0; i < syntax.identifiers.size(); ++i) {
      check_renaming(source, language, syntax, i);
    }
    for (std::size_t i = 0; i < syntax.statement_positions.size(); ++i) {
      check_insertions(source, language, syntax, i);
    }
    for (std::size_t i = 0; i < syntax.integer_literals.size(); ++i) {
      check_literal(source, language, syntax, i);
    }
    if (testing::Test::HasFailure()) {
      break;
    }
  }
  EXPECT_GT(checked, functions.size() / 2);
}

/// Damaged code must not crash, and its occurrences must still be true.
void check_damaged(const std::vector<ncmlab::Example>& functions) {
  std::uint32_t state = 12345;
  const auto draw = [&state](std::size_t bound) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % bound;
  };
  for (const auto& [id, source, other_code, query, label, language] : functions) {
    std::string damaged = source.substr(0, draw(source.size() + 1));
    for (int change = 0; change < 8 && !damaged.empty(); ++change) {
      damaged[draw(damaged.size())] = static_cast<char>(draw(256));
    }
    for (const std::string& text : {source.substr(draw(source.size() + 1)), damaged}) {
      const ncmlab::Syntax syntax = ncmlab::parse(text, language);
      for (const ncmlab::Identifier& identifier : syntax.identifiers) {
        for (const ncmlab::ByteRange& range : identifier.occurrences) {
          ASSERT_EQ(text.substr(range.begin, range.size()), identifier.name) << text;
        }
      }
      if (!syntax.statement_positions.empty()) {
        const std::size_t position = syntax.statement_positions.back();
        ASSERT_LT(position, text.size());
        EXPECT_GT(ncmlab::insert_statement(text, language, position, "x").size(), text.size());
      }
    }
  }
}

}  // namespace

TEST(EditPropertyTest, DevignFunctions) {
  const auto file = real_data() / "devign" / "test.jsonl";
  NCMLAB_NEEDS(file);
  check_all(ncmlab::real_functions(file, "func", Language::c, 150));
}

TEST(EditPropertyTest, BigCloneBenchFunctions) {
  const auto file = real_data() / "bigclonebench" / "data.jsonl";
  NCMLAB_NEEDS(file);
  check_all(ncmlab::real_functions(file, "func", Language::java, 150));
}

TEST(EditPropertyTest, CodeSearchNetFunctions) {
  const auto file = real_data() / "codesearchnet" / "python" / "train.jsonl";
  NCMLAB_NEEDS(file);
  check_all(ncmlab::real_functions(file, "code", Language::python, 2000));
}

TEST(EditPropertyTest, DamagedFunctionsDoNotCrash) {
  const auto data = real_data();
  NCMLAB_NEEDS(data);
  check_damaged(ncmlab::real_functions(data / "devign" / "test.jsonl", "func", Language::c, 300));
  check_damaged(ncmlab::real_functions(data / "devign" / "test.jsonl", "func", Language::cpp, 100));
  check_damaged(
      ncmlab::real_functions(data / "bigclonebench" / "data.jsonl", "func", Language::java, 300));
  check_damaged(ncmlab::real_functions(data / "codesearchnet" / "python" / "valid.jsonl", "code",
                                       Language::python, 400));
}

TEST(EditPropertyTest, DeepNestingAndOddBytesDoNotCrash) {
  const std::string deep =
      "int f(int x) { return " + std::string(20000, '(') + "x" + std::string(20000, ')') + "; }";
  const std::string odd = std::string("int f(int x) {") + '\0' + " \xff\xfe x(; \"\n } # if";
  for (const Language language : {Language::c, Language::cpp, Language::java, Language::python}) {
    EXPECT_NO_THROW(ncmlab::parse(deep, language));
    EXPECT_TRUE(ncmlab::parse(odd, language).has_error);
    EXPECT_TRUE(ncmlab::parse("", language).identifiers.empty());
  }
  EXPECT_EQ(ncmlab::parse(deep, Language::c).find("x")->occurrences.size(), 2u);
}
