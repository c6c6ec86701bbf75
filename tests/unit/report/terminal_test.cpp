// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "records.hpp"
#include "report/report.hpp"
#include "report/text.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(TerminalTest, RendersAwkwardNames) {
  const ReportOptions options{.version = "1.2", .regenerate = "ncmlab run a_b.toml"};
  EXPECT_EQ(render_report(awkward_records(), ReportFormat::terminal, options),
            R"golden(Task Devign #1

defense     acc %  acc diff   F1 %  ASR %  ASR diff  natural %  flip %  verdict     seconds  forwards  trigger
----------------------------------------------------------------------------------------------------------------------------------------------
code_bert[size=1], attack none
  none [1]
----------------------------------------------------------------------------------------------------------------------------------------------
code_bert[size=1], attack bad_code
  none      90.00            60.00  99.00                 8.00   50.00
  50%       88.00     -2.00  60.00  10.00    -89.00       8.00   50.00  backdoored     12.5      123k  a_b&c#d$e%f{g}h~i^j\k<l>|[m]*`é中\n\x1b
  x|y [2]      --               --     --                   --      --
----------------------------------------------------------------------------------------------------------------------------------------------
[1] not measured: there is no record of this cell
[2] failed: 5% & "more", \x1b[2J
One seed (1).
Test samples: 400; behind ASR and natural rate: 180 of the victim class; behind the flip rate: 170.
diff: change against defense none with the same seed, in points.
ASR: share of the victim-class samples with the trigger that are predicted as the target.
natural: the same samples without the trigger, the floor of every ASR.
flip: of the samples classified correctly without the trigger, the share that hits the target with it.
seconds, forwards: cost of the defense alone.

ncmlab 1.2; 3 cells, 1 failed; regenerate with: ncmlab run a_b.toml
)golden");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

TEST(TerminalTest, FitsTheWidthAndNamesWhatIsLeftOut) {
  const std::string text = render_report(awkward_records(), ReportFormat::terminal, {.width = 70});
  for (const std::string& line : lines_of(text)) {
    EXPECT_LE(display_width(line), 70) << line;
  }
  EXPECT_THAT(text, HasSubstr("a_b&c#d$e%f..\n"));
  EXPECT_THAT(text, HasSubstr("ASR %"));
  EXPECT_THAT(text, Not(HasSubstr("  forwards")));
  EXPECT_THAT(text, HasSubstr("Columns left out for lack of width: forwards, seconds, F1 %"));
}

TEST(TerminalTest, KeepsTheMainColumnsHoweverNarrow) {
  const std::string text = render_report(awkward_records(), ReportFormat::terminal, {.width = 5});
  EXPECT_THAT(text, HasSubstr("acc %  ASR %  natural %"));
}

TEST(TerminalTest, AlignsColumnsOfWideCharacters) {
  const std::vector<CellRecord> records = {cell("none", "none", 1, 0.9),
                                           cell("none", "中文", 1, 0.8)};
  const std::vector<std::string> lines =
      lines_of(render_report(records, ReportFormat::terminal, {.columns = {"accuracy"}}));
  std::vector<int> ends;
  for (const std::string& line : lines) {
    if (line.find("0.00") != std::string::npos) {
      ends.push_back(display_width(line));
    }
  }
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(ends[0], ends[1]);
}

TEST(TerminalTest, ColourIsBoldForTheBestOnly) {
  const std::string plain = render_report(awkward_records(), ReportFormat::terminal);
  EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
  const std::string text =
      render_report(awkward_records(), ReportFormat::terminal, {.colour = true});
  EXPECT_THAT(text, HasSubstr("\x1b[1m90.00\x1b[0m"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b[1m88.00")));
}

}  // namespace
}  // namespace ncmlab
