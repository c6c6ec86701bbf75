// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/code/edit.hpp"

#include <gtest/gtest.h>

#include "expectations.hpp"
#include "ncmlab/core/diagnostic.hpp"

using ncmlab::Language;

namespace {

template <typename Action>
std::string error_code(const Action& action) {
  try {
    action();
  } catch (const ncmlab::Error& error) {
    return error.diagnostics().front().code;
  }
  return "none";
}

std::string inserted(std::string_view source, Language language, std::size_t which,
                     std::string_view statement) {
  const auto positions = ncmlab::parse(source, language).statement_positions;
  return ncmlab::insert_statement(source, language, positions.at(which), statement);
}

}  // namespace

TEST(RenameTest, RefusesNamesThatAreTakenOrIllegal) {
  const char* source = "int f(int a) { /* used */ return a + g(s.field); }";
  const auto syntax = ncmlab::parse(source, Language::c);
  const auto rename_to = [&](const char* name) {
    return error_code([&] { ncmlab::rename(source, Language::c, *syntax.find("a"), name); });
  };
  EXPECT_EQ(rename_to("b"), "none");
  EXPECT_EQ(rename_to("fiel"), "none");
  EXPECT_EQ(rename_to("g"), "code.name-taken");
  EXPECT_EQ(rename_to("field"), "code.name-taken");
  EXPECT_EQ(rename_to("used"), "code.name-taken");
  EXPECT_EQ(rename_to("while"), "code.bad-name");
  EXPECT_EQ(rename_to("1a"), "code.bad-name");
  EXPECT_EQ(rename_to("a b"), "code.bad-name");
  EXPECT_EQ(rename_to(""), "code.bad-name");
}

TEST(RenameTest, RefusesAnIdentifierOfAnotherSource) {
  const auto syntax = ncmlab::parse("int f(int abc) { return abc; }", Language::c);
  EXPECT_EQ(
      error_code([&] { ncmlab::rename("int f(void) { }", Language::c, *syntax.find("abc"), "b"); }),
      "code.other-source");
}

TEST(ExtendTest, PutsTheWordBeforeOrAfter) {
  EXPECT_EQ(ncmlab::extended_name("name", "rb", ncmlab::Affix::suffix), "name_rb");
  EXPECT_EQ(ncmlab::extended_name("name", "rb", ncmlab::Affix::prefix), "rb_name");
  const char* source = "int f(int a) { return f(a); }";
  const auto syntax = ncmlab::parse(source, Language::c);
  EXPECT_EQ(ncmlab::extend(source, Language::c, *syntax.find("f"), "rb", ncmlab::Affix::suffix),
            "int f_rb(int a) { return f_rb(a); }");
}

TEST(InsertStatementTest, TakesTheIndentationFoundThere) {
  EXPECT_EQ(inserted("void f() {\n\tint a;\n\tg();\n}\n", Language::c, 0, "if (0) { }"),
            "void f() {\n\tint a;\n\tif (0) { }\n\tg();\n}\n");
  EXPECT_EQ(inserted("void f() {\r\n  g();\r\n}\r\n", Language::c, 0, "h();"),
            "void f() {\r\n  h();\r\n  g();\r\n}\r\n");
  EXPECT_EQ(inserted("  void f() { g(); }", Language::java, 0, "h();"),
            "  void f() { \n  h();\n  g(); }");
}

TEST(InsertStatementTest, IndentsPython) {
  EXPECT_EQ(inserted("def f():\n\tif a:\n\t\treturn 1\n", Language::python, 1, "x = 1"),
            "def f():\n\tif a:\n\t\tx = 1\n\t\treturn 1\n");
  EXPECT_EQ(inserted("def f():\n  return 1\n", Language::python, 0, "if x:\n    y()\n"),
            "def f():\n  if x:\n      y()\n  return 1\n");
  EXPECT_EQ(inserted("def f(): return 1\n", Language::python, 0, "x = 1"),
            "def f(): \n    x = 1\n    return 1\n");
}

TEST(InsertStatementTest, RefusesOtherPositions) {
  const char* source = "void f() { g(); }";
  for (const std::size_t position : {0u, 10u, 12u, 400u}) {
    EXPECT_EQ(error_code([&] { ncmlab::insert_statement(source, Language::c, position, "h();"); }),
              "code.bad-position")
        << position;
  }
}

TEST(FoldWhitespaceTest, KeepsTheOriginOfEachByte) {
  const auto folded = ncmlab::fold_whitespace("\n a \t b\xc2\xa0\xe3\x80\x80\xc3\xa9\n");
  EXPECT_EQ(folded.text, "a b \xc3\xa9");
  EXPECT_EQ(folded.origin, (std::vector<std::size_t>{2, 3, 6, 7, 12, 13}));
  EXPECT_TRUE(ncmlab::fold_whitespace(" \n\t").text.empty());
  EXPECT_TRUE(ncmlab::fold_whitespace("").origin.empty());
  EXPECT_EQ(ncmlab::fold_whitespace("\xe2\x80").text, "\xe2\x80");
}

TEST(IdentifierTest, KnowsLegalNames) {
  using ncmlab::is_valid_identifier;
  EXPECT_TRUE(is_valid_identifier("_x1", Language::c));
  EXPECT_TRUE(is_valid_identifier("class", Language::c));
  EXPECT_FALSE(is_valid_identifier("class", Language::cpp));
  EXPECT_FALSE(is_valid_identifier("a$", Language::c));
  EXPECT_TRUE(is_valid_identifier("a$", Language::java));
  EXPECT_FALSE(is_valid_identifier("null", Language::java));
  EXPECT_FALSE(is_valid_identifier("None", Language::python));
  EXPECT_TRUE(is_valid_identifier("\xc3\xa9t\xc3\xa9", Language::python));
  EXPECT_FALSE(is_valid_identifier("\xe2\x82\xac", Language::python));
  EXPECT_FALSE(is_valid_identifier("a\xff", Language::java));
  EXPECT_FALSE(is_valid_identifier("a-b", Language::python));
}

TEST(IdentifierTest, KeywordsAreSortedAndUnique) {
  for (const char* name : {"c", "cpp", "java", "python"}) {
    const auto language = ncmlab::language_from_string(name);
    ASSERT_TRUE(language.has_value());
    EXPECT_EQ(ncmlab::to_string(*language), name);
    const auto& words = ncmlab::keywords(*language);
    EXPECT_TRUE(std::is_sorted(words.begin(), words.end())) << name;
    EXPECT_EQ(std::adjacent_find(words.begin(), words.end()), words.end()) << name;
    for (const auto word : words) {
      EXPECT_FALSE(ncmlab::is_valid_identifier(word, *language)) << word;
    }
  }
  EXPECT_FALSE(ncmlab::language_from_string("rust").has_value());
}
