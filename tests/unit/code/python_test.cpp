// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "expectations.hpp"

using ncmlab::IdentifierKind;
using ncmlab::Language;

TEST(PythonSyntaxTest, ReadsParameters) {
  const char* source =
      "def f(self, a: T = d, *args, b=1, **kw) -> R:\n    return f(self, a, args, b=b, c=kw)\n";
  const auto syntax = ncmlab::parse(source, Language::python);
  EXPECT_FALSE(syntax.has_error);
  EXPECT_EQ(summary("def f(a: T = d, *args, b=1, **kw) -> R:\n    return g(a, args, b=b, c=kw)\n",
                    Language::python),
            "f:1 a:2 args:2 kw:2");  // every call names `b`
  EXPECT_EQ(syntax.find("kw")->kind, IdentifierKind::parameter);
}

TEST(PythonSyntaxTest, ReadsAllKindsOfLocalNames) {
  EXPECT_EQ(summary("def f():\n    with o() as fh, o() as (p, q):\n        fh.x = p[q]\n"
                    "    try:\n        x = y = 1\n    except E as e:\n        print(e)\n"
                    "    for s, (t, *w) in fh:\n        s += t\n    z: int = w\n"
                    "    if (n := len(z)):\n        lam = lambda u, v=n: u + v\n"
                    "    import os, a.b as c\n    return lam(x, y), c, os\n",
                    Language::python),
            "f:1 fh:3 p:2 q:2 x:2 y:2 e:2 s:2 t:2 w:2 z:2 n:2 lam:2 u:2 v:2 c:2");
}

TEST(PythonSyntaxTest, TellsOneWordInManyRolesApart) {
  EXPECT_EQ(renamed("def f(x, o):\n    \"\"\"x\"\"\"\n    o.x = x.x  # x\n"
                    "    g(x=x, y='x', z=f'{x} x')\n    return {x: x for o.x in x}\n",
                    Language::python, "x", "y2"),
            "def f(y2, o):\n    \"\"\"x\"\"\"\n    o.x = y2.x  # x\n"
            "    g(x=y2, y='x', z=f'{y2} x')\n    return {y2: y2 for o.x in y2}\n");
}

TEST(PythonSyntaxTest, ComprehensionsHaveTheirOwnScope) {
  EXPECT_EQ(renamed("def f(a):\n    r = {i for i in i if i for j in i}\n    return i, r\n",
                    Language::python, "i", "k"),
            "def f(a):\n    r = {k for k in i if k for j in k}\n    return i, r\n");
  EXPECT_EQ(summary("def f(a):\n    any((m := q) for q in a)\n    return m\n", Language::python),
            "f:1 a:2 m:2 q:2");
}

TEST(PythonSyntaxTest, GlobalNonlocalAndImportedNames) {
  EXPECT_EQ(summary("def f():\n    global g\n    g = 1\n    n = 0\n    import os\n"
                    "    def inner():\n        nonlocal n\n        n = os.n\n    inner()\n"
                    "    return n\n",
                    Language::python),
            "f:1 n:4 inner:2");
}

TEST(PythonSyntaxTest, DefaultsAndDecoratorsBelongOutside) {
  EXPECT_EQ(renamed("@dec(x)\ndef f(x=x, y: x = 1):\n    return x\n", Language::python, "x", "z"),
            "@dec(x)\ndef f(z=x, y: x = 1):\n    return z\n");
}

TEST(PythonSyntaxTest, RecursionAndMethods) {
  EXPECT_EQ(renamed("def f(n):\n    return f(n - 1)\n", Language::python, "f", "g"),
            "def g(n):\n    return g(n - 1)\n");
  // The bare name is not the method's.
  EXPECT_EQ(renamed("def dumps(self, n):\n    return dumps(n)\n", Language::python, "dumps", "g"),
            "def g(self, n):\n    return dumps(n)\n");
  EXPECT_EQ(
      renamed("def f(a):\n    from m import f\n    return f(a)\n", Language::python, "f", "g"),
      "def g(a):\n    from m import f\n    return f(a)\n");
  const char* source = "def name(a):\n    name = a.name\n    return name\n";
  const auto syntax = ncmlab::parse(source, Language::python);
  EXPECT_EQ(ncmlab::rename(source, Language::python, *syntax.function_name(), "g"),
            "def g(a):\n    name = a.name\n    return name\n");
}

TEST(PythonSyntaxTest, NamesThatTheCodeMayLookUpAreNotReported) {
  EXPECT_EQ(summary("def f(a):\n    return '%(a)s' % locals()\n", Language::python), "f:1");
  EXPECT_EQ(summary("def f(a, b):\n    return f(a=1, b=b) if b else f(1, 2)\n", Language::python),
            "f:3");
  EXPECT_EQ(summary("def f(a, b):\n    class C:\n        a = b\n    return C\n", Language::python),
            "f:1 b:2");
}

TEST(PythonSyntaxTest, VariablesOfListComprehensionsMayLiveOnInPython2) {
  EXPECT_EQ(summary("def f(a):\n    r = [i for i in a]\n    return i, r\n", Language::python),
            "f:1 a:2 r:2");
  EXPECT_EQ(
      summary("def f(a):\n    i = 0\n    r = [i for i in a]\n    return i, r\n", Language::python),
      "f:1 a:2 i:4 r:2");
}

TEST(PythonSyntaxTest, ParametersThatACallMayNameAreNotReported) {
  EXPECT_EQ(summary("def f(w):\n    class R:\n        def __init__(self, h, k):\n"
                    "            self.h = k\n    return R(h=w, k=1)\n",
                    Language::python),
            "f:1 w:2 self:2");
  EXPECT_EQ(summary("def f(w):\n    g = lambda u, v: u + v\n    return g(**{'v': w, 'z': 1})\n",
                    Language::python),
            "f:1 w:2 g:2 u:2");
  EXPECT_EQ(summary("def f(a, b):\n    return partial(f, b=1) if a else b\n", Language::python),
            "f:2 a:2");
}

TEST(PythonSyntaxTest, AMethodIsCalledThroughSelf) {
  EXPECT_EQ(renamed("def d(self, n):\n    return self.d(n - 1) + self.e.f()\n", Language::python,
                    "d", "g"),
            "def g(self, n):\n    return self.g(n - 1) + self.e.f()\n");
  for (const char* body : {"n.d()", "super().d()", "getattr(self, 'd')()", "self.d.__name__"}) {
    EXPECT_EQ(summary("def d(self, n):\n    return " + std::string(body) + "\n", Language::python)
                  .find("d:"),
              std::string::npos)
        << body;
  }
  EXPECT_EQ(summary("def d(self):\n    self.d = 1\n", Language::python), "self:2");
  EXPECT_EQ(summary("@d.setter\ndef d(self, v):\n    pass\n", Language::python), "self:1 v:1");
  EXPECT_EQ(summary("@property\ndef d(self):\n    pass\n", Language::python), "d:1 self:1");
}

TEST(PythonSyntaxTest, NamesThatThePrintedTextHoldsAreNotReported) {
  EXPECT_EQ(
      summary("def f(a, b, c):\n    return f'{a=} {b + 1 = :.2f} {c!r:>{c}}'\n", Language::python),
      "f:1 c:3");
  EXPECT_EQ(summary("def f(a, b):\n    return `a`, b\n", Language::python), "f:1 b:2");
  EXPECT_EQ(summary("def f(a, b):\n    return a.query('x > @b')\n", Language::python), "f:1 a:2");
}

TEST(PythonSyntaxTest, CodeThatSeesItsOwnNamesIsLeftAlone) {
  for (const char* body : {"return dir()", "return map(eval, a)", "return sys._getframe().f_lineno",
                           "from m import *", "return vars()", "exec 'a = 1'"}) {
    const std::string source = "def f(a):\n    " + std::string(body) + "\n";
    const auto syntax = ncmlab::parse(source, Language::python);
    EXPECT_EQ(syntax.find("a"), nullptr) << body;
    EXPECT_TRUE(syntax.statement_positions.empty()) << body;
  }
  EXPECT_EQ(summary("def f(a, dir):\n    return vars(a), dir(a), a.eval(dir)\n", Language::python),
            "f:1 a:4 dir:3");
}

TEST(PythonSyntaxTest, MatchStatements) {
  EXPECT_EQ(summary("def f(a):\n    match a:\n        case Foo(x=1, y=v): return v\n"
                    "        case [h, *rest]: return h, rest\n        case _: return 0\n",
                    Language::python),
            "f:1 a:2 v:2 h:2 rest:2");
}

TEST(PythonSyntaxTest, ReadsIndentedAndOldCode) {
  EXPECT_EQ(summary("    def f(self):\n        return self.x\n", Language::python), "f:1 self:2");
  const auto syntax = ncmlab::parse("def f(a):\n\ttry:\n\t\tprint a\n\texcept E, e:\n\t\tprint e\n",
                                    Language::python);
  EXPECT_FALSE(syntax.has_error);
  EXPECT_EQ(syntax.find("e")->occurrences.size(), 2u);
}

TEST(PythonSyntaxTest, PositionsAfterTheDocstringAtStarts) {
  EXPECT_EQ(marked_positions("def f(a):\n    \"\"\"d\"\"\"\n    global g\n    x = 1; y = 2\n"
                             "    if a: b; c\n    else:\n        d\n    @dec\n    def h():\n"
                             "        return 1\n    class C:\n        z = 1\n    return x\n",
                             Language::python),
            "def f(a):\n    \"\"\"d\"\"\"\n    global g\n    @x = 1; y = 2\n"
            "    @if a: @b; c\n    else:\n        @d\n    @@dec\n    def h():\n"
            "        @return 1\n    @class C:\n        z = 1\n    @return x\n");
}
