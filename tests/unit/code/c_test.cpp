// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "expectations.hpp"

using ncmlab::IdentifierKind;
using ncmlab::Language;

TEST(CSyntaxTest, TellsFunctionParametersAndLocalsApart) {
  const auto syntax = ncmlab::parse(
      "static int add(int a, char *b[4])\n{\n  int c = a, *d = 0;\n  return add(c, b) + *d;\n}\n",
      Language::c);
  EXPECT_FALSE(syntax.has_error);
  ASSERT_EQ(syntax.identifiers.size(), 5u);
  ASSERT_NE(syntax.function_name(), nullptr);
  EXPECT_EQ(syntax.function_name()->name, "add");
  EXPECT_EQ(syntax.function_name()->occurrences.size(), 2u);
  EXPECT_EQ(syntax.find("a")->kind, IdentifierKind::parameter);
  EXPECT_EQ(syntax.find("b")->kind, IdentifierKind::parameter);
  EXPECT_EQ(syntax.find("c")->kind, IdentifierKind::local_variable);
  EXPECT_EQ(syntax.find("d")->kind, IdentifierKind::local_variable);
  EXPECT_EQ(syntax.find("int"), nullptr);
  EXPECT_EQ(syntax.body, (ncmlab::ByteRange{34, 83}));
}

TEST(CSyntaxTest, TellsOneWordInManyRolesApart) {
  EXPECT_EQ(renamed("void f(struct x *x) {\n  struct x y = {.x = x->x, .z = sizeof(x)};\n"
                    "x:\n  goto x;\n  y.x = *(x + 1) + sizeof(struct x) + (x)[0] + g(x);\n}\n",
                    Language::c, "x", "new"),
            "void f(struct x *new) {\n  struct x y = {.x = new->x, .z = sizeof(new)};\n"
            "x:\n  goto x;\n  y.x = *(new + 1) + sizeof(struct x) + (new)[0] + g(new);\n}\n");
}

TEST(CSyntaxTest, LeavesCommentsAndStringsAlone) {
  EXPECT_EQ(
      renamed("int f(int x) { /* x */ puts(\"x\"); return 'x' + x; // x\n}", Language::c, "x", "y"),
      "int f(int y) { /* x */ puts(\"x\"); return 'x' + y; // x\n}");
}

TEST(CSyntaxTest, ReadsOldStyleParameters) {
  const auto syntax = ncmlab::parse("int f(a, b) int a; char *b; { return a + *b; }", Language::c);
  EXPECT_EQ(syntax.find("a")->kind, IdentifierKind::parameter);
  EXPECT_EQ(syntax.find("a")->occurrences.size(), 3u);
  EXPECT_EQ(syntax.find("b")->occurrences.size(), 3u);
}

TEST(CSyntaxTest, ReadsPointersToFunctionsAndArrays) {
  EXPECT_EQ(summary("int f(int (*cb)(int q, void *r), int n) {\n"
                    "  int (*table[3])(int q) = {0}, grid[n][2], q = 1;\n"
                    "  return cb(n, 0) + table[0](q) + grid[0][1];\n}",
                    Language::c),
            "f:1 cb:2 n:3 table:2 grid:2 q:2");
}

TEST(CSyntaxTest, RespectsScopes) {
  // The last `i` and the first `t` are not the loop's and not the block's.
  EXPECT_EQ(renamed("void f(void) { t = 0; for (int i = 0; i < 3; i++) { int t = i; g(t); } "
                    "i = 1; }",
                    Language::c, "i", "k"),
            "void f(void) { t = 0; for (int k = 0; k < 3; k++) { int t = k; g(t); } i = 1; }");
  EXPECT_EQ(summary("void f(void) { t = 0; { int t = 1; g(t); } }", Language::c), "f:1 t:2");
}

TEST(CSyntaxTest, ReportsNoNamesThatComeFromOutside) {
  EXPECT_EQ(summary("int f(void) { extern int e; int proto(int p); enum { kA } v = kA;\n"
                    "  return e + proto(1) + v; }",
                    Language::c),
            "f:1 v:2");
}

TEST(CSyntaxTest, AMacroCallIsNoVariable) {
  EXPECT_EQ(
      renamed("int f(int max, cb_t cb) { return max(max, 2) + cb(1); }", Language::c, "max", "m"),
      "int f(int m, cb_t cb) { return max(m, 2) + cb(1); }");
  EXPECT_EQ(summary("int f(cb_t cb) { return cb(1); }", Language::c), "f:1 cb:2");
}

TEST(CSyntaxTest, FollowsMacrosDefinedInTheBody) {
  EXPECT_EQ(renamed("void f(int x) {\n#define ADD(a) (a + x + p.x)\n#define OWN(x) (x)\n"
                    "#ifdef x\n  g(ADD(1));\n#endif\n}\n",
                    Language::c, "x", "y"),
            "void f(int y) {\n#define ADD(a) (a + y + p.x)\n#define OWN(x) (x)\n"
            "#ifdef x\n  g(ADD(1));\n#endif\n}\n");
  EXPECT_EQ(summary("void f(int x) {\n#define NAME(a) x##a\n  g(NAME(1), x);\n}\n", Language::c),
            "f:1");
}

TEST(CSyntaxTest, ArgumentsOfMacrosOutOfViewMayBeNames) {
  const auto variables = [](const char* statement) {
    return summary("int f(T *a, int b, int c) { " + std::string(statement) + " }", Language::c);
  };
  // A type among the arguments, the name of a known macro, or capitals.
  EXPECT_EQ(variables("return up(Card, a, b)->n + c;"), "f:1 c:2");
  EXPECT_EQ(variables("return __builtin_offsetof(Card, b) + c;"), "f:1 a:1 c:2");
  EXPECT_EQ(variables("return list_entry(a, b)->n + c;"), "f:1 c:2");
  EXPECT_EQ(variables("SHOW(b); SHOW2(c + 1); g(a);"), "f:1 a:2");
  EXPECT_EQ(variables("SHOW(a->b, g(c));"), "f:1");
  // Values: functions, common macros, and what has a text of its own to print.
  EXPECT_EQ(variables("g(a, b, c);"), "f:1 a:2 b:2 c:2");
  EXPECT_EQ(variables("return MAX(b, c) + a->SHOW(b);"), "f:1 a:2 b:3 c:2");
  EXPECT_EQ(variables("DEBUG(\"%d\", b); va_arg(a, int);"), "f:1 a:2 b:2 c:1");
}

TEST(CSyntaxTest, NamesThatMacrosOfTheTextPrintOrPasteAreNotReported) {
  EXPECT_EQ(summary("int f(int a, int b) {\n#define S(x) puts(#x)\n#define T(x) S(x)\n"
                    "#define V(x) g(x)\n  T(a); V(b);\n}\n",
                    Language::c),
            "f:1 b:2");
  EXPECT_EQ(summary("int f(int l_a, int a_r, int b) {\n#define L(x) l_##x\n#define R(x) x##_r\n"
                    "  return L(a) + R(a) + b;\n}\n",
                    Language::c),
            "f:1 b:2");
  EXPECT_EQ(summary("int f(int a, int b) {\n#define F(x) (p->x + q.x)\n  return F(a) + b;\n}\n",
                    Language::c),
            "f:1 b:2");
  // The macro stands before what it names.
  EXPECT_EQ(
      summary("int f(int b) {\n#define CUR at\n  int at = b;\n  return CUR;\n}\n", Language::c),
      "f:1 b:2");
}

TEST(CSyntaxTest, EachDefinitionOfAMacroCountsAndWhatStandsForOne) {
  EXPECT_EQ(summary("int f(int a, int b) {\n#ifdef A\n#define S(x) puts(#x)\n#else\n"
                    "#define S(x) puts(\"no\")\n#endif\n  S(a); return b;\n}\n",
                    Language::c),
            "f:1 b:2");
  EXPECT_EQ(summary("int f(int a, int b) {\n#define S(x) puts(#x)\n#define T S\n"
                    "  T(a); return b;\n}\n",
                    Language::c),
            "f:1 b:2");
}

TEST(CSyntaxTest, ALiteralWithoutEndEndsWithItsLine) {
  EXPECT_EQ(summary("int f(int a, int b) {\n#warning doesn't work\n  SHOW(a); return b;\n}\n",
                    Language::c),
            "f:1 b:2");
  EXPECT_EQ(summary("int f(int a, int b) { int n = 1'000; SHOW(a); return b + n; }", Language::cpp),
            "f:1 b:2 n:2");
  EXPECT_EQ(summary("int f(int a, int b) { g(VAR\"x\"); SHOW(a); return b; }", Language::c),
            "f:1 b:2");
}

TEST(CSyntaxTest, WhatAMacroCallsInABodyIsNoHeader) {
  EXPECT_EQ(summary("int f(int a, int b) { return GET_FN(a)(b); }", Language::c), "f:1 b:2");
}

TEST(CSyntaxTest, NamesThatAreNotReportedAreWithheld) {
  EXPECT_EQ(ncmlab::parse("int f(int exp, int b) { SHOW(exp); return b; }", Language::c).withheld,
            std::vector<std::string>{"exp"});
  EXPECT_TRUE(ncmlab::parse("int f(int b) { return b + exp(2); }", Language::c).withheld.empty());
}

TEST(CSyntaxTest, WordsOfPragmasAndAttributesAreNotReported) {
  EXPECT_EQ(summary("int f(int n) {\n  int t = 0;\n#pragma omp parallel for \\\n  reduction(+:t)\n"
                    "  for (int i = 0; i < n; i++) t += i;\n  return t;\n}\n",
                    Language::c),
            "f:1 n:2 i:4");
  EXPECT_EQ(summary("int f(int n, int m) { __attribute__((aligned(n))) char b[m]; return b[0]; }",
                    Language::c),
            "f:1 m:2 b:2");
  EXPECT_EQ(summary("int f(int n) { return g(__func__, n); }", Language::c), "n:2");
  EXPECT_EQ(summary("int f(int n) {\n#include \"body.h\"\n  return n;\n}\n", Language::c), "f:1");
}

TEST(CSyntaxTest, NoPositionThatAPragmaOrTheProgramMayNotice) {
  EXPECT_EQ(marked_positions("int f(int n) {\n  int t = 0;\n#pragma omp parallel for\n"
                             "  for (;;) { t += n; }\n  return t;\n}\n",
                             Language::c),
            "int f(int n) {\n  int t = 0;\n#pragma omp parallel for\n"
            "  for (;;) { t += n; }\n  @return t;\n}\n");
  for (const char* source :
       {"int f(int n) { g(__LINE__); }", "int f(int n) { return M({ g(n); }); }"}) {
    const auto syntax = ncmlab::parse(source, Language::c);
    EXPECT_LE(syntax.statement_positions.size(), 1U) << source;
  }
  EXPECT_TRUE(ncmlab::parse("constexpr int f(int n) { return n; }", Language::cpp)
                  .statement_positions.empty());
}

TEST(CSyntaxTest, ReadsAProductAsAnExpression) {
  EXPECT_EQ(renamed("void f(int x, int y) { x * y; }", Language::c, "x", "z"),
            "void f(int z, int y) { z * y; }");
}

TEST(CSyntaxTest, ReadsImplicitInt) {
  const auto syntax = ncmlab::parse("f(int x)\n{\n  return x;\n}\n", Language::c);
  EXPECT_FALSE(syntax.has_error);
  ASSERT_NE(syntax.function_name(), nullptr);
  EXPECT_EQ(syntax.function_name()->occurrences.front(), (ncmlab::ByteRange{0, 1}));
  EXPECT_EQ(syntax.statement_positions, std::vector<std::size_t>{13});
}

TEST(CSyntaxTest, RecognisesCodeWithMacrosThatBreakTheGrammar) {
  const char* source =
      "static av_cold int init(Context *c, int n)\n{\n    int k = 0;\n"
      "#if A\n    if (n) {\n#else\n    if (k) {\n#endif\n        k = c->k + n;\n    }\n"
      "    return k;\n}\n";
  const auto syntax = ncmlab::parse(source, Language::c);
  EXPECT_TRUE(syntax.has_error);
  EXPECT_EQ(summary(source, Language::c), "init:1 c:2 n:3 k:4");
  EXPECT_TRUE(syntax.body.has_value());
  EXPECT_EQ(summary("void f(int x) { if (x) { uint8_t av_unused y = x; g(y); } }", Language::c),
            "f:1 x:3");
  EXPECT_EQ(summary("void HELPER(add)(int x) { g(x); }", Language::c), "add:1 x:2");
}

TEST(CSyntaxTest, NoPositionBeforeCaseLabelsOrUnbracedStatements) {
  EXPECT_EQ(marked_positions("void f(int x) {\n  int y;\n  if (x)\n    g();\n  else h();\n"
                             "  for (;;) k();\n  switch (x) {\n  case 1:\n  case 2:\n    g();\n"
                             "    break;\n  default:\n    h();\n  }\n  do { g(); } while (0);\n}",
                             Language::c),
            "void f(int x) {\n  int y;\n  @if (x)\n    g();\n  else h();\n"
            "  @for (;;) k();\n  @switch (x) {\n  case 1:\n  case 2:\n    @g();\n"
            "    @break;\n  default:\n    @h();\n  }\n  @do { @g(); } while (0);\n}");
}

TEST(CSyntaxTest, NoPositionInAnUnbracedSwitch) {
  EXPECT_EQ(marked_positions("void f(int x) { switch (x) case 1: g(); }", Language::c),
            "void f(int x) { switch (x) case 1: g(); }");
}

TEST(CSyntaxTest, NoPositionBetweenAMacroLoopAndItsBody) {
  EXPECT_EQ(
      marked_positions("void f(L *l) {\n  EACH(x, l) {\n    g(x);\n  }\n  h();\n}", Language::c),
      "void f(L *l) {\n  EACH(x, l) {\n    @g(x);\n  }\n  @h();\n}");
}

TEST(CppSyntaxTest, ReadsDeclarationsOfModernCode) {
  EXPECT_EQ(summary("int A::run(const std::string& s, int n = 3) const {\n"
                    "  auto [p, q] = pair(s);\n  for (auto& e : s) e.p(q);\n"
                    "  auto l = [n, &s, k = n](int z) { return z + k + p; };\n"
                    "  try { g(); } catch (const E& ex) { ex.what(); }\n"
                    "  T v(s);\n  return this->run(s, l(1)) + ns::n + v.n;\n}",
                    Language::cpp),
            "run:2 s:6 n:3 p:2 q:2 e:2 l:2 k:2 z:2 ex:2 v:2");
}

TEST(CppSyntaxTest, DoesNotRenameConstructorsAndOverloads) {
  EXPECT_EQ(summary("A::A(int x) : x(x) { y = x; }", Language::cpp), "x:3");
  EXPECT_EQ(summary("int f(int x) { return f(x, 1) + f(x) + B::f(x); }", Language::cpp), "f:2 x:4");
}

TEST(CppSyntaxTest, MembersOfLocalClassesAndMemberPointers) {
  EXPECT_EQ(renamed("int f(C c, C *d) { auto p = &C::w; return c.*p + d->*p + c.p; }",
                    Language::cpp, "p", "q"),
            "int f(C c, C *d) { auto q = &C::w; return c.*q + d->*q + c.p; }");
  EXPECT_EQ(
      summary("int f(int a, int b, int c) { struct L { int a() { return 1; } int b; }; g(c); }",
              Language::cpp),
      "f:1 c:2");
  // The base may have a member `w`.
  EXPECT_EQ(summary("int f(int w, int c) { struct L : B { int g() { return w; } }; return c; }",
                    Language::cpp),
            "f:1 c:2");
}
