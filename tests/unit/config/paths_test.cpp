// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "config/experiment.hpp"
#include "error_of.hpp"
#include "fake_catalogue.hpp"
#include "scratch_folder.hpp"

namespace ncmlab::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Catalogue catalogue_with_paths() {
  const auto parameter = [](const char* name, const char* value) {
    return Parameter{.name = name, .doc = {}, .default_value = std::string(value)};
  };
  Parameter data = parameter("data", "builtin"), columns = parameter("columns", "code");
  Parameter checkpoint = parameter("checkpoint", ""), preset = parameter("preset", "base");
  path({"builtin"})(data);
  only_where("form", "own")(columns);
  path()(checkpoint);
  only_where("checkpoint", "")(preset);
  Catalogue catalogue;
  for (const Entry& each :
       {entry(PluginKind::task, "reader", {data, parameter("form", "set"), columns}),
        entry(PluginKind::model, "net", {checkpoint, preset}),
        entry(PluginKind::attack, "none", {}), entry(PluginKind::attack, "led", {}),
        entry(PluginKind::defense, "none", {})}) {
    catalogue.add({each, "fake.so", "0"});
  }
  return catalogue;
}

class PathsTest : public ::testing::Test {
 protected:
  /// An experiment in the folder `sub` whose task and model have these lines.
  Experiment read(const std::string& task, const std::string& model = "",
                  const std::string& rest = "") const {
    const fs::path file = folder_.write(
        "sub/exp.toml", "[experiment]\nname = \"x\"\n[[task]]\nplugin = \"reader\"\n" + task +
                            "[[model]]\nplugin = \"net\"\n" + model + rest);
    return read_experiment(file, catalogue_with_paths());
  }
  static std::string setting(const PluginChoice& choice, const std::string& name) {
    return std::get<std::string>(choice.settings.at(name));
  }

  const ScratchFolder folder_;
};

TEST_F(PathsTest, StartAtTheFolderOfTheFile) {
  const Experiment experiment =
      read("data = \"../data/devign\"\n", "checkpoint = \"weights\"\n",
           "[[attack]]\nplugin = \"led\"\n[attack.surrogate]\nplugin = \"net\"\n"
           "checkpoint = \"/absolute/weights\"\n");
  EXPECT_EQ(setting(experiment.tasks[0], "data"), (folder_ / "data/devign").string());
  EXPECT_EQ(setting(experiment.models[0], "checkpoint"), (folder_ / "sub/weights").string());
  EXPECT_EQ(setting(*experiment.attacks[1].surrogate, "checkpoint"), "/absolute/weights");
}

TEST_F(PathsTest, LeaveWordsThatNameNoFileAlone) {
  EXPECT_EQ(setting(read("data = \"builtin\"\n").tasks[0], "data"), "builtin");
  EXPECT_EQ(setting(read("").models[0], "checkpoint"), "");
}

TEST_F(PathsTest, OfLinkedFoldersLeadWhereTheSystemLeads) {
  folder_.write("elsewhere/data/file", "");
  folder_.write("elsewhere/inner/file", "");
  fs::create_directory_symlink(folder_ / "elsewhere/inner", folder_ / "link");
  fs::create_directories(folder_ / "data");
  folder_.write(
      "elsewhere/inner/exp.toml",
      "[experiment]\nname = \"x\"\n[[task]]\nplugin = \"reader\"\ndata = \"../data/file\"\n"
      "[[model]]\nplugin = \"net\"\n");
  const Experiment experiment = read_experiment(folder_ / "link/exp.toml", catalogue_with_paths());
  EXPECT_TRUE(fs::exists(setting(experiment.tasks[0], "data")));
}

TEST_F(PathsTest, ThatAreThereFromTheWorkingFolderOnlyAreAnErrorThatSaysSo) {
  const fs::path before = fs::current_path();
  folder_.write("mine/data.jsonl", "");
  fs::current_path(folder_.path());
  const Diagnostic problem = error_of([&] { read("data = \"mine/data.jsonl\"\n"); });
  fs::current_path(before);
  EXPECT_EQ(problem.code, "config.path");
  ASSERT_TRUE(problem.span);
  EXPECT_EQ(problem.span->line, 5);
  EXPECT_EQ(problem.span->column, 8);
  EXPECT_THAT(problem.message, HasSubstr("relative paths start at the folder of the experiment"));
  ASSERT_EQ(problem.help.size(), 1U);
  EXPECT_THAT(problem.help[0], HasSubstr("write `../mine/data.jsonl`"));
}

TEST_F(PathsTest, StandInLabelsAsTheyAreWritten) {
  const Experiment experiment = read("data = [\"a\", \"b\"]\n");
  EXPECT_EQ(experiment.tasks[0].label, "reader[data=a]");
  EXPECT_EQ(setting(experiment.tasks[1], "data"), (folder_ / "sub/b").string());
}

TEST_F(PathsTest, KnowTheirPlaceInTheFile) {
  const Experiment experiment = read("data = \"x\"\n");
  EXPECT_EQ(experiment.tasks[0].places.at("data").line, 5);
  EXPECT_EQ(experiment.tasks[0].places.at("data").column, 8);
}

TEST_F(PathsTest, RefusesWhatHasNoEffect) {
  const Diagnostic size =
      error_of([&] { read("", "checkpoint = \"weights\"\npreset = \"tiny\"\n"); });
  EXPECT_EQ(size.code, "config.no-effect");
  EXPECT_EQ(size.message,
            "`preset` of model `net` has no effect where `checkpoint` is \"weights\"");
  EXPECT_EQ(size.span->line, 8);
  EXPECT_THAT(size.help, ElementsAre("remove `preset`, or `checkpoint`"));
  const Diagnostic columns = error_of([&] { read("columns = \"text\"\n"); });
  EXPECT_THAT(columns.help, ElementsAre("remove `columns`, or set `form = \"own\"`"));
}

TEST_F(PathsTest, AcceptsWhatHasAnEffectInOneEntryOfAnAxis) {
  EXPECT_EQ(read("", "checkpoint = [\"\", \"weights\"]\npreset = \"tiny\"\n").models.size(), 2U);
  EXPECT_EQ(read("columns = \"text\"\nform = \"own\"\n").tasks.size(), 1U);
}

}  // namespace
}  // namespace ncmlab::testing
