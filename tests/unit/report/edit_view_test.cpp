// SPDX-License-Identifier: Apache-2.0
#include "report/edit_view.hpp"

#include <gtest/gtest.h>

namespace ncmlab {
namespace {

const std::string kClean =
    "int parse(int a) {\n  int b = 1;\n  c();\n  d();\n  e();\n  f();\n  g();\n  return "
    "parse(b);\n}\n";
const std::string kEdited =
    "int parse_rb(int a) {\n  int b = 1;\n  c();\n  d();\n  e();\n  f();\n  g();\n"
    "  return parse_rb(b);\n}\n";

TEST(EditViewTest, IsEmptyForEqualSources) { EXPECT_EQ(render_edit("a\n", "a\n", {}), ""); }

TEST(EditViewTest, ShowsBothSidesWhereThereIsRoom) {
  EXPECT_EQ(render_edit(kClean, kEdited, {.width = 80}),
            "-1  int [-parse-](int a) { | +1  int {+parse_rb+}(int a) {\n"
            " 2    int b = 1;           |  2    int b = 1;\n"
            " 3    c();                 |  3    c();\n"
            "...\n"
            " 6    f();                 |  6    f();\n"
            " 7    g();                 |  7    g();\n"
            "-8    return [-parse-](b); | +8    return {+parse_rb+}(b);\n"
            " 9  }                      |  9  }\n");
}

TEST(EditViewTest, PutsOneBelowTheOtherWhereThereIsNot) {
  EXPECT_EQ(render_edit(kClean, kEdited, {.width = 40}),
            "-1  int [-parse-](int a) {\n"
            "+1  int {+parse_rb+}(int a) {\n"
            " 2    int b = 1;\n"
            " 3    c();\n"
            "...\n"
            " 6    f();\n"
            " 7    g();\n"
            "-8    return [-parse-](b);\n"
            "+8    return {+parse_rb+}(b);\n"
            " 9  }\n");
}

TEST(EditViewTest, MarksNewLinesWhole) {
  EXPECT_EQ(render_edit("f() {\n  g();\n}\n", "f() {\n  if (0) h();\n\n  g();\n}\n", {.width = 20}),
            " 1  f() {\n+2    {+if (0) h();+}\n+3  \n 4    g();\n 5  }\n");
  EXPECT_EQ(render_edit("a\nb\n", "a\n", {.width = 80}), " 1  a     |  1  a\n-2  [-b-] |\n");
}

TEST(EditViewTest, ColoursInsteadOfMarks) {
  const std::string text = render_edit("a = 1", "a = 2", {.width = 80, .colour = true});
  EXPECT_EQ(text, "-1  a = \x1b[1;31m1\x1b[0m | +1  a = \x1b[1;32m2\x1b[0m\n");
}

TEST(EditViewTest, KeepsTheTerminalSafe) {
  const std::string text = render_edit("a\x1b[2J\xff\tb", "c\x1b[2J\xff\tb", {.width = 80});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("\\x1b"), std::string::npos) << text;
}

}  // namespace
}  // namespace ncmlab
