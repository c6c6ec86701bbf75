// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <sstream>

#include "records.hpp"
#include "report/report.hpp"

namespace ncmlab {
namespace {

TEST(MarkdownTest, RendersAwkwardNames) {
  const ReportOptions options{.version = "1.2", .regenerate = "ncmlab run a_b.toml"};
  EXPECT_EQ(render_report(awkward_records(), ReportFormat::markdown, options),
            R"golden(### Task Devign \#1

| model | attack | defense | acc % | acc diff | F1 % | ASR % | ASR diff | natural % | flip % | verdict | seconds | forwards | trigger |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | --- |
| code\_bert\[size=1\] | none | none<sup>1</sup> | | | | | | | | | | | |
| code\_bert\[size=1\] | bad\_code | none | **90.00** | | 60.00 | 99.00 | | 8.00 | 50.00 | | | | |
| code\_bert\[size=1\] | bad\_code | 50% | 88.00 | -2.00 | 60.00 | **10.00** | -89.00 | 8.00 | 50.00 | backdoored | 12.5 | 123k | a\_b\&c\#d\$e%f{g}h\~i^j\\k\<l\>\|\[m\]\*\`é中\\n\\x1b |
| code\_bert\[size=1\] | bad\_code | x\|y<sup>2</sup> | -- | | -- | -- | | -- | -- | | | | |

<sup>1</sup> not measured: there is no record of this cell

<sup>2</sup> failed: 5% \& "more", \\x1b\[2J

One seed (1).
Test samples: 400; behind ASR and natural rate: 180 of the victim class; behind the flip rate: 170.
diff: change against defense none with the same seed, in points.
ASR: share of the victim-class samples with the trigger that are predicted as the target.
natural: the same samples without the trigger, the floor of every ASR.
flip: of the samples classified correctly without the trigger, the share that hits the target with it.
seconds, forwards: cost of the defense alone.

ncmlab 1.2; 3 cells, 1 failed; regenerate with: ncmlab run a\_b.toml
)golden");
}

TEST(MarkdownTest, EveryLineOfTheTableHasTheSameCells) {
  std::istringstream text(render_report(awkward_records(), ReportFormat::markdown));
  std::size_t bars = 0;
  std::size_t rows = 0;
  for (std::string line; std::getline(text, line);) {
    if (line.rfind("| ", 0) != 0) {
      continue;
    }
    std::size_t found = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\\') {
        ++i;
      } else if (line[i] == '|') {
        ++found;
      }
    }
    bars = rows++ == 0 ? found : bars;
    EXPECT_EQ(found, bars) << line;
  }
  EXPECT_EQ(rows, 6U);
}

}  // namespace
}  // namespace ncmlab
