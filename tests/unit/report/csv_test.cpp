// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "records.hpp"
#include "report/report.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;

TEST(CsvTest, RendersAwkwardNames) {
  const ReportOptions options{.version = "1.2", .regenerate = "ncmlab run a_b.toml"};
  EXPECT_EQ(render_report(awkward_records(), ReportFormat::csv, options),
            R"golden(task,model,attack,defense,seed,metric,value,n,text
Devign #1,code_bert[size=1],bad_code,none,1,accuracy,0.9,400,
Devign #1,code_bert[size=1],bad_code,none,1,f1,0.6,400,
Devign #1,code_bert[size=1],bad_code,none,1,precision,0.5,400,
Devign #1,code_bert[size=1],bad_code,none,1,recall,0.25,400,
Devign #1,code_bert[size=1],bad_code,none,1,asr,0.99,180,
Devign #1,code_bert[size=1],bad_code,none,1,natural_rate,0.08,180,
Devign #1,code_bert[size=1],bad_code,none,1,flip_rate,0.5,170,
Devign #1,code_bert[size=1],bad_code,none,1,seconds:victim,100,,
Devign #1,code_bert[size=1],bad_code,none,1,forward_rows:victim,5000,,
Devign #1,code_bert[size=1],bad_code,none,1,backward_rows:victim,5000,,
Devign #1,code_bert[size=1],bad_code,50%,1,accuracy,0.88,400,
Devign #1,code_bert[size=1],bad_code,50%,1,f1,0.6,400,
Devign #1,code_bert[size=1],bad_code,50%,1,precision,0.5,400,
Devign #1,code_bert[size=1],bad_code,50%,1,recall,0.25,400,
Devign #1,code_bert[size=1],bad_code,50%,1,asr,0.1,180,
Devign #1,code_bert[size=1],bad_code,50%,1,natural_rate,0.08,180,
Devign #1,code_bert[size=1],bad_code,50%,1,flip_rate,0.5,170,
Devign #1,code_bert[size=1],bad_code,50%,1,defense_seconds,12.5,,
Devign #1,code_bert[size=1],bad_code,50%,1,defense_forward_rows,123000,,
Devign #1,code_bert[size=1],bad_code,50%,1,backdoored,1,,backdoored
Devign #1,code_bert[size=1],bad_code,50%,1,trigger_hit_rate:0->1,0.9,,a_b&c#d$e%f{g}h~i^j\k<l>|[m]*`é中\n\x1b
Devign #1,code_bert[size=1],bad_code,50%,1,trigger_loss:0->1,0.5,,a_b&c#d$e%f{g}h~i^j\k<l>|[m]*`é中\n\x1b
Devign #1,code_bert[size=1],bad_code,50%,1,seconds:victim,100,,
Devign #1,code_bert[size=1],bad_code,50%,1,forward_rows:victim,5000,,
Devign #1,code_bert[size=1],bad_code,50%,1,backward_rows:victim,5000,,
Devign #1,code_bert[size=1],bad_code,50%,1,seconds:defend,12.5,,
Devign #1,code_bert[size=1],bad_code,50%,1,forward_rows:defend,123000,,
Devign #1,code_bert[size=1],bad_code,50%,1,backward_rows:defend,10,,
Devign #1,code_bert[size=1],bad_code,x|y,1,failure,,,"5% & ""more"", \x1b[2J"
)golden");
}

TEST(CsvTest, NoTextIsTakenForAFormula) {
  CellRecord record = cell("=cmd|calc!A1", "@SUM(1;2)", 1, 0.9);
  record.task = "+1";
  record.model = "-1";
  record.figures = {{"delta", -0.5}};
  const std::string text = render_report({record}, ReportFormat::csv);
  EXPECT_THAT(text, HasSubstr("'+1,'-1,'=cmd|calc!A1,\"'@SUM(1;2)\",1,accuracy,0.9,400,\n"));
  EXPECT_THAT(text, HasSubstr(",figure:delta,-0.5,,\n"));
  record.attack = "\uFF1Dcmd";
  EXPECT_THAT(render_report({record}, ReportFormat::csv), HasSubstr(",'\uFF1Dcmd,"));
}

TEST(CsvTest, AddsIntervalsToProportionsOnly) {
  const std::string text =
      render_report({cell("none", "none", 1, 0.9)}, ReportFormat::csv, {.intervals = true});
  EXPECT_THAT(text, HasSubstr("metric,value,n,text,low,high\n"));
  EXPECT_THAT(text, HasSubstr("accuracy,0.9,400,,0.86668942"));
  EXPECT_THAT(text, HasSubstr("f1,0.6,400,,,\n"));
}

TEST(CsvTest, WritesDetectionRecoveryAndFigures) {
  CellRecord record = cell("b", "x", 1, 0.9, 0.1);
  record.detection = DetectionMetrics{.flagged = 40, .poisoned = 50, .hits = 30, .clean = 1000};
  record.recovery = RecoveryMetrics{.precision = 0.5, .recall = 1};
  record.figures = {{"layer, depth", 3}};
  const std::string text = render_report({record}, ReportFormat::csv);
  EXPECT_THAT(text, HasSubstr("detection_precision,0.75,40,\n"));
  EXPECT_THAT(text, HasSubstr("detection_recall,0.6,50,\n"));
  EXPECT_THAT(text, HasSubstr("detection_fpr,0.01,1000,\n"));
  EXPECT_THAT(text, HasSubstr("trigger_recall,1,,\n"));
  EXPECT_THAT(text, HasSubstr("\"figure:layer, depth\",3,,\n"));
}

TEST(CsvTest, WritesThePointsOfRocCurves) {
  CellRecord record = cell("b", "x", 1, 0.9, 0.1);
  record.filter = FilterMetrics{.roc = {0.25, 0.5}};
  record.detection = DetectionMetrics{.roc = {0.125}};
  const std::string text = render_report({record}, ReportFormat::csv);
  EXPECT_THAT(text, HasSubstr(",filter_roc:0,0.25,,\n"));
  EXPECT_THAT(text, HasSubstr(",filter_roc:1,0.5,,\n"));
  EXPECT_THAT(text, HasSubstr(",detection_roc:0,0.125,,\n"));
  EXPECT_THAT(render_report({record}, ReportFormat::json), HasSubstr("\"roc\""));
}

TEST(CsvTest, OfNoRecordsIsTheHeader) {
  EXPECT_EQ(render_report({}, ReportFormat::csv),
            "task,model,attack,defense,seed,metric,value,n,text\n");
}

}  // namespace
}  // namespace ncmlab
