// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/code/units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ncmlab {
namespace {

using testing::ElementsAre;

const std::string kC =
    "int f(int n) {\n"
    "  int m = n; // m\n"
    "  if (m)\n"
    "  {\n"
    "    m++;\n"
    "  }\n"
    "  return f(m);\n"
    "}\n";

std::vector<std::string> texts(const std::string& source, Language language, UnitKind kind) {
  std::vector<std::string> found;
  for (const CodeUnit& unit : code_units(source, language, {kind})) {
    EXPECT_EQ(unit.kind, kind);
    std::string text;
    for (const ByteRange& range : unit.ranges) {
      text += (text.empty() ? "" : "|") + source.substr(range.begin, range.size());
    }
    found.push_back(text);
  }
  return found;
}

TEST(UnitsTest, OfC) {
  EXPECT_THAT(texts(kC, Language::c, UnitKind::function_name), ElementsAre("f|f"));
  EXPECT_THAT(texts(kC, Language::c, UnitKind::identifier), ElementsAre("n|n", "m|m|m|m"));
  EXPECT_THAT(texts(kC, Language::c, UnitKind::statement),
              ElementsAre("int m = n;", "if (m)\n  {\n    m++;\n  }", "return f(m);"));
  EXPECT_THAT(
      texts(kC, Language::c, UnitKind::line),
      ElementsAre("int f(int n) {", "  int m = n; // m", "  if (m)", "    m++;", "  return f(m);"));
}

TEST(UnitsTest, OfJavaAndPython) {
  EXPECT_THAT(texts("int f(int n) { /* a */ n++; return n; }", Language::java, UnitKind::statement),
              ElementsAre("n++;", "return n;"));
  EXPECT_THAT(texts("def f(n):\n    # a\n    n += 1\n    return n\n", Language::python,
                    UnitKind::statement),
              ElementsAre("n += 1", "return n"));
}

TEST(UnitsTest, OfWhatIsNoFunction) {
  EXPECT_THAT(texts("", Language::c, UnitKind::line), ElementsAre());
  EXPECT_THAT(texts("a b", Language::c, UnitKind::line), ElementsAre("a b"));
  EXPECT_THAT(texts("a b", Language::c, UnitKind::statement), ElementsAre());
}

TEST(UnitsTest, AreTakenOutAndReplaced) {
  const std::vector<CodeUnit> units =
      code_units(kC, Language::c, {UnitKind::identifier, UnitKind::line});
  EXPECT_EQ(
      with_unit("x = n; n++;", {.kind = UnitKind::identifier, .ranges = {{4, 5}, {7, 8}}}, "<unk>"),
      "x = <unk>; <unk>++;");
  ASSERT_EQ(units.size(), 7U);
  EXPECT_EQ(without_unit(kC, units[3]),
            "int f(int n) {\n  if (m)\n  {\n    m++;\n  }\n"
            "  return f(m);\n}\n");
  EXPECT_EQ(without_unit("a\nb", {.kind = UnitKind::line, .ranges = {{2, 3}}}), "a\n");
}

}  // namespace
}  // namespace ncmlab
