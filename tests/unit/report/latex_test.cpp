// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "records.hpp"
#include "report/report.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(LatexTest, RendersAwkwardNames) {
  const ReportOptions options{.version = "1.2", .regenerate = "ncmlab run a_b.toml"};
  EXPECT_EQ(render_report(awkward_records(), ReportFormat::latex, options),
            R"golden(% needs \usepackage{booktabs}
\providecommand{\ncmbest}[1]{\textbf{#1}}

\begin{table}[tbp]
\centering
\caption{Task Devign \#1.
  One seed (1).
  Test samples: 400; behind ASR and natural rate: 180 of the victim class; behind the flip rate: 170.
  diff: change against defense none with the same seed, in points.
  ASR: share of the victim-{}class samples with the trigger that are predicted as the target.
  natural: the same samples without the trigger, the floor of every ASR.
  flip: of the samples classified correctly without the trigger, the share that hits the target with it.
  seconds, forwards: cost of the defense alone.}
\label{tab:ncmlab-devign-1}
\small
\setlength{\tabcolsep}{4pt}
\begin{tabular}{@{}lrrrrrrrlrrl@{}}
\toprule
defense & acc \% & acc diff & F1 \% & ASR \% & ASR diff & natural \% & flip \% & verdict & seconds & forwards & trigger \\
\midrule
\multicolumn{12}{@{}l}{\textit{code\_bert{[}size=1{]}, attack none}} \\
\quad none\textsuperscript{1} & & & & & & & & & & & \\
\midrule
\multicolumn{12}{@{}l}{\textit{code\_bert{[}size=1{]}, attack bad\_code}} \\
\quad none & \ncmbest{90.00} & & 60.00 & 99.00 & & 8.00 & 50.00 & & & & \\
\quad 50\% & 88.00 & $-$2.00 & 60.00 & \ncmbest{10.00} & $-$89.00 & 8.00 & 50.00 & backdoored & 12.5 & 123k & \texttt{a\_b\&c\#d\$e\%f\{g\}h\textasciitilde{}i\textasciicircum{}j\textbackslash{}k\textless{}l\textgreater{}\textbar{}{[}m{]}{*}\`{}..} \\
\quad x\textbar{}y\textsuperscript{2} & -- & & -- & -- & & -- & -- & & & & \\
\bottomrule
\end{tabular}

\par\smallskip\footnotesize \textsuperscript{1} not measured: there is no record of this cell

\par\smallskip\footnotesize \textsuperscript{2} failed: 5\% \& {\char34}more{\char34}, \textbackslash{}x1b{[}2J
\end{table}

% ncmlab 1.2; 3 cells, 1 failed; regenerate with: ncmlab run a_b.toml
)golden");
}

TEST(LatexTest, StandaloneIsAWholeDocument) {
  const std::string text =
      render_report(awkward_records(), ReportFormat::latex, {.standalone = true});
  EXPECT_EQ(text.rfind("\\documentclass{article}\n", 0), 0U);
  EXPECT_THAT(text, HasSubstr("\\usepackage{booktabs}"));
  EXPECT_THAT(text, testing::EndsWith("\\end{document}\n"));
}

TEST(LatexTest, LabelsAreUnique) {
  std::vector<CellRecord> records = {cell("none", "none", 1, 0.9), cell("none", "none", 1, 0.9)};
  records[0].task = "Devign_C";
  records[1].task = "devign c";
  const std::string text = render_report(records, ReportFormat::latex);
  EXPECT_THAT(text, HasSubstr("\\label{tab:ncmlab-devign-c}"));
  EXPECT_THAT(text, HasSubstr("\\label{tab:ncmlab-devign-c-2}"));
}

TEST(LatexTest, ProvenanceStaysInItsComment) {
  const std::string text = render_report({cell("none", "none", 1, 0.9)}, ReportFormat::latex,
                                         {.regenerate = "ncmlab run a\n\\input{x}.toml"});
  EXPECT_THAT(text,
              HasSubstr("% ncmlab; 1 cell; regenerate with: ncmlab run a\\n\\input{x}.toml\n"));
  EXPECT_THAT(text, Not(HasSubstr("\n\\input")));
}

}  // namespace
}  // namespace ncmlab
