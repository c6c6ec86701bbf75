// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/diagnostic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ncmlab {
namespace {

using testing::HasSubstr;
using testing::Not;

Diagnostic at(int column, int length, std::string source_line) {
  Diagnostic diagnostic;
  diagnostic.code = "config.unknown-key";
  diagnostic.message = "unknown key `epohcs`";
  diagnostic.span = Span{"a.toml", 12, column, length, std::move(source_line)};
  return diagnostic;
}

TEST(DiagnosticTest, RendersPlaceSourceCaretsHelpAndNotes) {
  Diagnostic diagnostic = at(1, 6, "epohcs = 3");
  diagnostic.help = {"a key with a similar name exists: `epochs`"};
  diagnostic.notes = {"plugin `codebert`"};
  EXPECT_EQ(render(diagnostic),
            "error[config.unknown-key]: unknown key `epohcs`\n"
            "  --> a.toml:12:1\n"
            "   |\n"
            "12 | epohcs = 3\n"
            "   | ^^^^^^\n"
            "    = help: a key with a similar name exists: `epochs`\n"
            "    = note: plugin `codebert`\n");
}

TEST(DiagnosticTest, RepeatsTabsBeforeTheCarets) {
  EXPECT_THAT(render(at(3, 2, "\t\tab = 1")), HasSubstr("12 | \t\tab = 1\n   | \t\t^^\n"));
}

TEST(DiagnosticTest, CountsColumnsInCodePoints) {
  EXPECT_THAT(render(at(5, 2, "é\té\tab = 1")), HasSubstr("   |  \t \t^^\n"));
}

TEST(DiagnosticTest, KeepsCaretsWithinTheLine) {
  EXPECT_THAT(render(at(4, 100, "a = 1")), HasSubstr("   |    ^^\n"));
  EXPECT_THAT(render(at(6, 1, "a = 1")), HasSubstr("   |      ^\n"));
  EXPECT_THAT(render(at(1, 0, "a = 1")), HasSubstr("   | ^\n"));
}

TEST(DiagnosticTest, LeavesOutWhatIsNotKnown) {
  Diagnostic diagnostic;
  diagnostic.severity = Severity::warning;
  diagnostic.message = "slow disk";
  EXPECT_EQ(render(diagnostic), "warning: slow disk\n");
  diagnostic.span = Span{.file = "a.toml", .source_line = "x"};
  EXPECT_EQ(render(diagnostic), "warning: slow disk\n  --> a.toml\n");
}

TEST(DiagnosticTest, PassesNoEscapeSequenceOn) {
  Diagnostic diagnostic = at(1, 1, "a\x1b[2J");
  diagnostic.message = "bad name `\x1b]0;x\x07`";
  const std::string text = render(diagnostic);
  EXPECT_THAT(text, HasSubstr("a\\x1b[2J"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\x07")));
}

TEST(DiagnosticTest, CaretsStandBelowEscapedCharacters) {
  const Diagnostic diagnostic = at(3, 2, "\u202ea\u009bb c");
  EXPECT_THAT(render(diagnostic), HasSubstr("12 | \\u{202e}a\\u{9b}b c\n"
                                            "   |          ^^^^^^^\n"));
}

TEST(DiagnosticTest, ColourChangesNothingButEscapes) {
  const Diagnostic diagnostic = at(5, 3, "a = xyz");
  std::string text = render(diagnostic, true);
  EXPECT_THAT(text, HasSubstr("\x1b[1;31m^^^\x1b[0m"));
  std::string stripped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find('m', i);
    } else {
      stripped += text[i];
    }
  }
  EXPECT_EQ(stripped, render(diagnostic));
}

TEST(DiagnosticTest, WritesJsonEvenOfBytesThatAreNotUtf8) {
  Diagnostic diagnostic = at(2, 1, "x");
  diagnostic.message = "bad \xff";
  diagnostic.help = {"one", "two"};
  const auto json = nlohmann::json::parse(to_json(diagnostic));
  EXPECT_EQ(json["severity"], "error");
  EXPECT_EQ(json["code"], "config.unknown-key");
  EXPECT_EQ(json["file"], "a.toml");
  EXPECT_EQ(json["line"], 12);
  EXPECT_EQ(json["column"], 2);
  EXPECT_EQ(json["help"].size(), 2);
  EXPECT_FALSE(nlohmann::json::parse(to_json(Diagnostic{})).contains("file"));
}

TEST(ErrorTest, CarriesAllDiagnostics) {
  Diagnostic first, second;
  first.message = "one";
  second.message = "two";
  const Error error(std::vector<Diagnostic>{first, second});
  EXPECT_STREQ(error.what(), "one; two");
  EXPECT_EQ(error.diagnostics().size(), 2U);
  const Error short_form("io.read", "cannot read `x`", {"check the path"});
  EXPECT_EQ(short_form.diagnostics().front().code, "io.read");
  EXPECT_EQ(short_form.diagnostics().front().help.front(), "check the path");
}

}  // namespace
}  // namespace ncmlab
