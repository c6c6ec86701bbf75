// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <tuple>

#include "run_command.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;

/// The experiment without attacks and defenses under another name, with other seeds and settings of
/// its task.
std::string small_experiment(const std::string& name, const std::string& seeds,
                             const std::string& task = "") {
  std::string text = kExperiment;
  const auto replace = [&](const std::string& before, const std::string& after) {
    text.replace(text.find(before), before.size(), after);
  };
  replace("\"toys\"", "\"" + name + "\"");
  replace("seeds = [1]", "seeds = " + seeds);
  replace("plugin = \"toy\"\n", "plugin = \"toy\"\n" + task);
  return text.substr(0, text.find("[[attack]]"));
}

TEST_F(RunCommandTest, ReportTakesMeansOverSeedsOfOneConfigurationOnly) {
  for (const auto& [name, seeds, task] : {std::tuple("a", "[1, 2]", ""), std::tuple("b", "[3]", ""),
                                          std::tuple("c", "[4]", "samples = 50\n")}) {
    write(small_experiment(name, seeds, task));
    ASSERT_EQ(run({"run", "experiment.toml"}), 0) << err();
  }
  ASSERT_EQ(run({"report", "a", "b"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("Means over 3 seeds (1, 2, 3)"));
  ASSERT_EQ(run({"report", "a", "c"}), 0) << err();
  EXPECT_THAT(out(),
              testing::AllOf(HasSubstr("toy[samples=60]"), HasSubstr("toy[samples=50]"),
                             HasSubstr("Means over 2 seeds (1, 2)"), HasSubstr("One seed (4)"),
                             testing::Not(HasSubstr("Means over 3 seeds"))));
}

TEST_F(RunCommandTest, AChangedRecordIsAnErrorUntilTheRunIsRunAgain) {
  write(small_experiment("toys", "[1]"));
  ASSERT_EQ(run({"run", "experiment.toml"}), 0) << err();
  ASSERT_EQ(run({"report", "toys"}), 0) << err();
  const std::string table = out();
  const fs::path folder = run_folder(folder_ / "ncmlab-runs", "toys");
  const fs::path file = folder / (read_index(folder).cells.front().key + ".json");
  std::string text = read_file(file);
  const std::string figure = "\"accuracy\":";
  text.insert(text.find(figure) + figure.size(), "0.99,\"was\":");
  write_file_atomically(file, text);
  EXPECT_EQ(run({"report", "toys"}), 5);
  EXPECT_TRUE(out().empty());
  EXPECT_THAT(err(), testing::AllOf(HasSubstr("error[store.bad-record]"),
                                    HasSubstr(file.filename().string()),
                                    HasSubstr("run the experiment again")));
  ASSERT_EQ(run({"run", "experiment.toml"}), 0) << err();
  EXPECT_THAT(err(), HasSubstr("0 stages to run"));
  ASSERT_EQ(run({"report", "toys"}), 0) << err();
  EXPECT_EQ(out(), table);
}

TEST_F(RunCommandTest, AReportSaysThatCellsAreNotMeasuredYet) {
  write(small_experiment("toys", "[1, 2]"));
  ASSERT_EQ(run({"run", "experiment.toml"}), 0) << err();
  const fs::path folder = run_folder(folder_ / "ncmlab-runs", "toys");
  fs::remove(folder / (read_index(folder).cells.front().key + ".json"));
  ASSERT_EQ(run({"report", "toys"}), 0) << err();
  EXPECT_FALSE(out().empty());
  EXPECT_THAT(err(),
              testing::AllOf(HasSubstr("warning[report.unfinished]: run `toys` has 1 of 2 cells"),
                             HasSubstr("measures the rest")));
}

TEST_F(RunCommandTest, AnotherFileOfTheSameNameIsToldAndAnEditedOneIsNot) {
  write(small_experiment("toys", "[1]"));
  ASSERT_EQ(run({"run", "experiment.toml"}), 0) << err();
  write(small_experiment("toys", "[2]"));
  ASSERT_EQ(run({"run", "experiment.toml"}), 0) << err();
  EXPECT_THAT(err(), testing::Not(HasSubstr("warning[")));
  write_file_atomically(folder_ / "other.toml", small_experiment("toys", "[3]"));
  ASSERT_EQ(run({"run", "other.toml"}), 0) << err();
  EXPECT_THAT(err(), testing::AllOf(HasSubstr("warning[store.other-experiment]"),
                                    HasSubstr("experiment.toml"), HasSubstr("other.toml")));
  EXPECT_TRUE(fs::exists(folder_ / "ncmlab-runs" / "runs" / "toys" / "experiment.1.json"));
}

TEST_F(RunCommandTest, LinksInAStoreLeadNowhere) {
  write(small_experiment("toys", "[1]"));
  const fs::path precious = folder_ / "precious" / "experiment.json";
  write_file_atomically(precious, "kept");
  const fs::path store = folder_ / "ncmlab-runs";
  for (const char* link : {"lock", "runs", "runs/toys", "objects", "work"}) {
    fs::create_directories((store / link).parent_path());
    fs::create_symlink(link == std::string("lock") ? precious : precious.parent_path(),
                       store / link);
    EXPECT_NE(run({"run", "experiment.toml"}), 0) << link;
    EXPECT_THAT(err(), HasSubstr("symbolic link")) << link;
    fs::remove_all(store);
  }
  EXPECT_EQ(read_file(precious), "kept");
  EXPECT_EQ(std::distance(fs::directory_iterator(precious.parent_path()), {}), 1);
}

}  // namespace
}  // namespace ncmlab
