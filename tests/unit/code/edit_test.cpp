// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/code/edit.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "error_of.hpp"
#include "expectations.hpp"
#include "ncmlab/core/diagnostic.hpp"

using ncmlab::Language;

namespace {

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
    return ncmlab::code_of([&] { ncmlab::rename(source, Language::c, *syntax.find("a"), name); });
  };
  EXPECT_EQ(rename_to("b"), "");
  EXPECT_EQ(rename_to("fiel"), "");
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
  EXPECT_EQ(ncmlab::code_of(
                [&] { ncmlab::rename("int f(void) { }", Language::c, *syntax.find("abc"), "b"); }),
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

TEST(ExtendTest, PutsTheWordBetweenTheSubWordsNearestTheMiddle) {
  const auto middle = [](const char* name) {
    return ncmlab::extended_name(name, "rb", ncmlab::Affix::middle);
  };
  EXPECT_EQ(middle("read_file"), "read_rb_file");
  EXPECT_EQ(middle("readFile"), "read_rb_File");
  EXPECT_EQ(middle("a_long_name_of_parts"), "a_long_name_rb_of_parts");
  EXPECT_EQ(middle("__init__x"), "__init__rb_x");
  EXPECT_EQ(middle("parse"), "parse_rb");
  EXPECT_EQ(middle("_"), "__rb");
}

TEST(SubWordsTest, SplitsAtUnderscoresAndCase) {
  const auto joined = [](std::string_view name) {
    std::string text;
    for (const std::string_view word : ncmlab::sub_words(name)) {
      text.append(text.empty() ? "" : "|").append(word);
    }
    return text;
  };
  EXPECT_EQ(joined("readHTTPFile_2"), "read|HTTP|File|2");
  EXPECT_EQ(joined("__x1__"), "x1");
  EXPECT_EQ(joined("UTF8"), "UTF8");
  EXPECT_EQ(joined("v2Name$inner"), "v2|Name|inner");
  EXPECT_EQ(joined("___"), "");
  EXPECT_EQ(joined(""), "");
}

TEST(TryRenameTest, GivesNothingWhereRenameWouldThrow) {
  const char* source = "int f(int a) { return a + g(); }";
  const auto syntax = ncmlab::parse(source, Language::c);
  EXPECT_EQ(ncmlab::try_rename(source, Language::c, *syntax.find("a"), "b"),
            "int f(int b) { return b + g(); }");
  for (const char* name : {"g", "while", "1a", "f"}) {
    EXPECT_FALSE(ncmlab::try_rename(source, Language::c, *syntax.find("a"), name)) << name;
  }
}

TEST(TryInsertStatementTest, RefusesStatementsThatChangeTheNames) {
  const auto tried = [](std::string_view source, Language language, const char* statement) {
    const auto positions = ncmlab::parse(source, language).statement_positions;
    return ncmlab::try_insert_statement(source, language, positions.at(0), statement).has_value();
  };
  EXPECT_TRUE(tried("int f(int a) { return a; }", Language::c, "int b = 1;"));
  EXPECT_FALSE(tried("int f(int a) { return a; }", Language::c, "a = 1;"));
  EXPECT_FALSE(tried("int f(int a) { return a + b; }", Language::c, "int b = 1;"));
  EXPECT_FALSE(tried("int f(int a) { return a; }", Language::c, "if (0 {"));
  EXPECT_FALSE(tried("def f(a):\n    return a + b\n", Language::python, "b = 1"));
}

TEST(TryInsertStatementTest, RefusesAStatementThatUsesANameThatIsWithheld) {
  const std::string_view source = "int f(int exp, int b) { SHOW(exp); return b; }";
  const std::size_t position = ncmlab::parse(source, Language::c).statement_positions.front();
  EXPECT_FALSE(ncmlab::try_insert_statement(source, Language::c, position, "exp(1);"));
  EXPECT_TRUE(ncmlab::try_insert_statement(source, Language::c, position, "sin(1);"));
}

TEST(ReplaceLiteralTest, ReplacesPlainIntegersOnly) {
  const auto replaced = [](std::string_view source, Language language) {
    std::string text(source);
    const auto literals = ncmlab::parse(source, language).integer_literals;
    for (std::size_t i = literals.size(); i-- > 0;) {
      text = ncmlab::replace_literal(text, language, literals[i], "(x)");
    }
    return text;
  };
  EXPECT_EQ(replaced("int f(int a[4]) { return a[20] + 0x20 + 020 + 1 + 0 + 20L + 2.0 - 7; }",
                     Language::c),
            "int f(int a[4]) { return a[(x)] + 0x20 + 020 + 1 + 0 + 20L + 2.0 - (x); }");
  EXPECT_EQ(
      replaced("int f() { M(20); g(20); puts(20); p->g(20); __asm__(\"\" : : \"i\"(20));\n#if "
               "20\n#endif\n"
               "#define N 20\n }",
               Language::c),
      "int f() { M(20); g(20); puts((x)); p->g((x)); __asm__(\"\" : : \"i\"(20));\n#if 20\n#endif\n"
      "#define N 20\n }");
  EXPECT_EQ(
      replaced("int f(int a) { switch (a) { case 20: return 99999; } return 10; }", Language::java),
      "int f(int a) { switch (a) { case (x): return 99999; } return (x); }");
  EXPECT_EQ(replaced("def f(a=20):\n    x: Literal[20] = 20\n    return f'{20}' + 20j\n",
                     Language::python),
            "def f(a=20):\n    x: Literal[20] = (x)\n    return f'{20}' + 20j\n");
  EXPECT_EQ(replaced("int f(int a) { return 20 + ; }", Language::c),
            "int f(int a) { return 20 + ; }");
}

TEST(ReplaceLiteralTest, RefusesOtherPlacesAndBareExpressions) {
  const char* source = "int f() { return 20; }";
  const auto literal = ncmlab::parse(source, Language::c).integer_literals.at(0);
  EXPECT_EQ(ncmlab::code_of([&] {
              ncmlab::replace_literal(source, Language::c, {0, 3}, "(1)");
            }),
            "code.bad-position");
  EXPECT_EQ(
      ncmlab::code_of([&] { ncmlab::replace_literal(source, Language::c, literal, "4 * 5"); }),
      "code.bad-expression");
}

TEST(LeastFrequentVariableTest, TakesTheFirstOfSeveral) {
  const auto name = [](const char* source) {
    const auto syntax = ncmlab::parse(source, Language::c);
    const auto* identifier = syntax.least_frequent_variable();
    return identifier == nullptr ? "" : identifier->name;
  };
  EXPECT_EQ(name("int f(int a, int b, int c) { return a + a * b; }"), "c");
  EXPECT_EQ(name("int f(int a, int b) { return a + b; }"), "a");
  EXPECT_EQ(name("int f(void) { return 1; }"), "");
}

TEST(RenameAllTest, RenamesSeveralIdentifiersOfOneParse) {
  const std::string source = "int f(int a, int bb) { a += bb; return a; }";
  const ncmlab::Syntax syntax = ncmlab::parse(source, Language::c);
  EXPECT_EQ(ncmlab::rename_all(source, Language::c,
                               {{syntax.find("bb"), "x"}, {syntax.find("a"), "longer"}}),
            "int f(int longer, int x) { longer += x; return longer; }");
  EXPECT_EQ(ncmlab::rename_all(source, Language::c, {}), source);
}

TEST(RenameAllTest, RefusesNamesThatMeet) {
  const std::string source = "int f(int a, int b) { return a + b; }";
  const ncmlab::Syntax syntax = ncmlab::parse(source, Language::c);
  const auto code_of = [&](const char* first, const char* second) {
    return ncmlab::code_of([&] {
      ncmlab::rename_all(source, Language::c,
                         {{syntax.find("a"), first}, {syntax.find("b"), second}});
    });
  };
  EXPECT_EQ(code_of("x", "x"), "code.name-taken");
  EXPECT_EQ(code_of("b", "a"), "code.name-taken") << "given up, but still taken";
  EXPECT_EQ(code_of("x", "int"), "code.bad-name");
}

TEST(DistinctWordsTest, FindsWordsWhereverTheyStand) {
  EXPECT_EQ(ncmlab::distinct_words("x1 = \"a b\"; // \xc3\xa9 0x1f"),
            (std::set<std::string_view>{"x1", "a", "b", "\xc3\xa9", "0x1f"}));
  EXPECT_TRUE(ncmlab::distinct_words(" +-").empty());
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
    EXPECT_EQ(
        ncmlab::code_of([&] { ncmlab::insert_statement(source, Language::c, position, "h();"); }),
        "code.bad-position")
        << position;
  }
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
    const auto language = ncmlab::from_string<ncmlab::Language>(name);
    ASSERT_TRUE(language.has_value());
    EXPECT_EQ(ncmlab::to_string(*language), name);
    const auto& words = ncmlab::keywords(*language);
    EXPECT_TRUE(std::is_sorted(words.begin(), words.end())) << name;
    EXPECT_EQ(std::adjacent_find(words.begin(), words.end()), words.end()) << name;
    for (const auto word : words) {
      EXPECT_FALSE(ncmlab::is_valid_identifier(word, *language)) << word;
    }
  }
  EXPECT_FALSE(ncmlab::from_string<ncmlab::Language>("rust").has_value());
}
