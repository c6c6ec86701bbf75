// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "expectations.hpp"

using ncmlab::IdentifierKind;
using ncmlab::Language;

TEST(JavaSyntaxTest, ReadsABareMethod) {
  const std::string source =
      "    public int sum(final int[] items, String... rest) {\n        int total = 0;\n"
      "        for (int item : items) total += item;\n        return total;\n    }\n";
  const auto syntax = ncmlab::parse(source, Language::java);
  EXPECT_FALSE(syntax.has_error);
  EXPECT_EQ(summary(source, Language::java), "sum:1 items:2 rest:1 total:3 item:2");
  EXPECT_EQ(syntax.find("rest")->kind, IdentifierKind::parameter);
  EXPECT_EQ(syntax.find("item")->kind, IdentifierKind::local_variable);
  EXPECT_EQ(source.substr(syntax.body->begin, 1), "{");
  EXPECT_EQ(source.substr(syntax.body->end - 1, 1), "}");
}

TEST(JavaSyntaxTest, ReadsAMethodInsideItsFile) {
  const auto syntax =
      ncmlab::parse("package p;\nimport a.b;\nclass A {\n  int x;\n  void f(int b) { x = b; }\n}\n",
                    Language::java);
  EXPECT_FALSE(syntax.has_error);
  EXPECT_EQ(syntax.function_name()->name, "f");
  EXPECT_EQ(syntax.find("b")->occurrences.size(), 2u);
  EXPECT_EQ(syntax.find("x"), nullptr);
}

TEST(JavaSyntaxTest, ReadsAllKindsOfLocalNames) {
  EXPECT_EQ(summary("void f() throws E {\n  try (In in = open()) { in.read(); }\n"
                    "  catch (A | B ex) { log(ex); }\n  Fn g = q -> q + 1;\n"
                    "  Fn h = (u, v) -> { return u + v; };\n  Fn w = (int z) -> z;\n"
                    "  if (o instanceof Foo p) p.run();\n  use(g, h, w);\n}",
                    Language::java),
            "f:1 in:2 ex:2 g:2 q:2 h:2 u:2 v:2 w:2 z:2 p:2");
}

TEST(JavaSyntaxTest, TellsOneWordInManyRolesApart) {
  EXPECT_EQ(renamed("int size(int x) { x: while (x > 0) { x(x); this.x = o.x.x(x); break x; }\n"
                    "  return X.x + x::x; }",
                    Language::java, "x", "y"),
            "int size(int y) { x: while (y > 0) { x(y); this.x = o.x.x(y); break x; }\n"
            "  return X.x + y::x; }");
}

TEST(JavaSyntaxTest, MethodAndVariableOfOneNameAreTwoIdentifiers) {
  const char* source = "int size() { int size = 0; size += size(); return size; }";
  const auto syntax = ncmlab::parse(source, Language::java);
  ASSERT_EQ(syntax.identifiers.size(), 2u);
  EXPECT_EQ(ncmlab::rename(source, Language::java, *syntax.function_name(), "n"),
            "int n() { int size = 0; size += n(); return size; }");
  EXPECT_EQ(ncmlab::rename(source, Language::java, syntax.identifiers[1], "n"),
            "int size() { int n = 0; n += size(); return n; }");
}

TEST(JavaSyntaxTest, CallsOfOverloadsAndOtherObjectsAreNoOccurrences) {
  EXPECT_EQ(renamed("void run(A a) { run(a); run(a, 1); this.run(a); super.run(a); a.run(a);\n"
                    "  new T() { void run(A b) { run(b); this.run(b); } }; }",
                    Language::java, "run", "go"),
            "void go(A a) { go(a); run(a, 1); this.go(a); super.run(a); a.run(a);\n"
            "  new T() { void run(A b) { run(b); this.run(b); } }; }");
}

TEST(JavaSyntaxTest, UsesOutsideTheScopeAreFields) {
  EXPECT_EQ(
      renamed("void f() { for (File x : all) { x.go(); } x.close(); }", Language::java, "x", "y"),
      "void f() { for (File y : all) { y.go(); } x.close(); }");
}

TEST(JavaSyntaxTest, NamesThatAreFieldsOfALocalClassAreNotReported) {
  EXPECT_EQ(summary("void f(int a, int b) { class T { int a = 1; int g() { return a + b; } } }",
                    Language::java),
            "f:1 b:2");
  // T may have a field `b`.
  EXPECT_EQ(summary("void f(int a, int b) { new T() { int g(int c) { return c + b; } }; h(b); }",
                    Language::java),
            "f:1 a:1 c:2");
  EXPECT_EQ(summary("void f(int a, int b) { class L extends T { int g() { return a; } } h(b); }",
                    Language::java),
            "f:1 b:2");
}

TEST(JavaSyntaxTest, ComponentsOfRecordsAndConstantsOfEnumsAreNotReported) {
  EXPECT_EQ(summary("int f(int w, int n, int k) { record Box(int w) { Box { w = w + 1; } }\n"
                    "  enum E { A, n } switch (e) { case k: return w; } return n; }",
                    Language::java),
            "f:1");
}

TEST(JavaSyntaxTest, VariablesOfPatternsAreKnownWhereTheyMatched) {
  EXPECT_EQ(
      summary("int f(Object o) { if (o instanceof A a && a.ok() && (o instanceof R(int x))) {\n"
              "  return a.b + x; } return o instanceof C c ? c.d : 0; }",
              Language::java),
      "f:1 o:4 a:3 x:2 c:2");
  EXPECT_EQ(summary("int f(Object o) { return switch (o) { case A a when a.ok() -> a.b;\n"
                    "  case C a -> a.d; default -> 0; }; }",
                    Language::java),
            "f:1 o:2 a:5");
  for (const char* body : {"if (o instanceof A a) { return a.b; } else { return a.c; }",
                           "if (!(o instanceof A a)) { return 0; } return a.b;",
                           "if (o instanceof A a || a.ok()) { return 1; } return 0;",
                           "while (!(o instanceof A a)) { o = next(a); } return 1;"}) {
    EXPECT_EQ(renamed("int f(Object o) { " + std::string(body) + " }", Language::java, "a", "z"),
              "int f(Object o) { " + std::string(body) + " }");
  }
}

TEST(JavaSyntaxTest, ANameThatTheProgramReadsIsNotReported) {
  EXPECT_EQ(summary("String f() { return new Throwable().getStackTrace()[0].getMethodName(); }",
                    Language::java),
            "");
  EXPECT_EQ(summary("void f(int a) { run(getMethod(\"f\")); }", Language::java), "a:1");
}

TEST(JavaSyntaxTest, ConstructorHasNoNameOfItsOwn) {
  const auto syntax = ncmlab::parse("public A(int x) { super(x); y = x; }", Language::java);
  EXPECT_FALSE(syntax.has_error);
  EXPECT_EQ(syntax.function_name(), nullptr);
  EXPECT_EQ(syntax.find("x")->occurrences.size(), 3u);
  EXPECT_EQ(marked_positions("public A(int x) { super(x); y = x; }", Language::java),
            "public A(int x) { super(x); @y = x; }");
}

TEST(JavaSyntaxTest, PositionsInBlocksAndSwitches) {
  EXPECT_EQ(marked_positions("void f(int x) { int y = 1; if (x > y) return; else g();\n"
                             "  switch (x) { case 1: case 2: g(); break; default: h(); }\n"
                             "  r = () -> { g(); }; }",
                             Language::java),
            "void f(int x) { @int y = 1; @if (x > y) return; else g();\n"
            "  @switch (x) { case 1: case 2: @g(); @break; default: @h(); }\n"
            "  @r = () -> { @g(); }; }");
}
