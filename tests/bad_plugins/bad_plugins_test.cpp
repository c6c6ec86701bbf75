// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "error_of.hpp"
#include "loader/catalogue.hpp"
#include "loader/handshake.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/plugin/build_stamp.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::filesystem::path kFolder = NCMLAB_BAD_PLUGINS;

struct Loaded {
  Catalogue catalogue;
  std::vector<LoadReport> reports;
};

Loaded load(const std::vector<std::string>& folders) {
  Loaded result;
  std::vector<std::filesystem::path> paths;
  for (const std::string& folder : folders) {
    paths.push_back(kFolder / folder);
  }
  result.reports = load_plugins(paths, result.catalogue);
  return result;
}

/// The one problem of the one file in a folder.
Diagnostic problem_of(const std::string& folder) {
  const Loaded loaded = load({folder});
  EXPECT_EQ(loaded.reports.size(), 1u);
  EXPECT_TRUE(loaded.catalogue.plugins().empty());
  if (loaded.reports.size() != 1 || loaded.reports[0].problems.size() != 1) {
    ADD_FAILURE() << folder << " has not exactly one problem";
    return {};
  }
  EXPECT_THAT(loaded.reports[0].problems[0].span->file, HasSubstr("bad_plugins/" + folder));
  return loaded.reports[0].problems[0];
}

TEST(BadPluginTest, RefusesAnotherApiWithoutRunningIt) {
  const Diagnostic problem = problem_of("wrong_api");
  EXPECT_EQ(problem.code, "plugin.api-version");
  EXPECT_EQ(problem.message, "built for plugin API 5, this ncmlab speaks 4");
  EXPECT_EQ(std::getenv("NCMLAB_WRONG_API_WAS_RUN"), nullptr);
}

TEST(BadPluginTest, RefusesAnotherToolchainNamingEachField) {
  const Diagnostic problem = problem_of("wrong_stamp");
  EXPECT_EQ(problem.code, "plugin.build-mismatch");
  const std::string compiler = current_build_stamp().compiler.data();
  const std::string torch = current_build_stamp().torch.data();
  EXPECT_THAT(problem.notes, ElementsAre("compiler: plugin `g++ 7`, ncmlab `" + compiler + "`",
                                         "LibTorch: plugin `0.4.0`, ncmlab `" + torch + "`",
                                         "C++11 ABI: plugin `0`, ncmlab `1`"));
}

TEST(BadPluginTest, RefusesOtherPublicHeadersNamingTheirFolders) {
  const Diagnostic problem = problem_of("other_headers");
  EXPECT_EQ(problem.code, "plugin.build-mismatch");
  EXPECT_EQ(problem.message, "built with other public headers than this ncmlab");
  EXPECT_THAT(problem.help, ElementsAre("rebuild the plugin with the headers of this ncmlab"));
  EXPECT_THAT(problem.notes,
              ElementsAre("public headers in ncmlab/model differ",
                          "public headers in ncmlab/train: the plugin was built without them",
                          "public headers in ncmlab/training: this ncmlab has none"));
}

TEST(BadPluginTest, RefusesTheStampOfAnOlderVersionWithoutReadingOn) {
  const Diagnostic problem = problem_of("older_stamp");
  EXPECT_EQ(problem.code, "plugin.build-mismatch");
  EXPECT_EQ(problem.message, "built with an older ncmlab");
  EXPECT_THAT(problem.notes, ElementsAre("bytes of the build stamp: plugin `136`, ncmlab `" +
                                         std::to_string(sizeof(BuildStamp)) + "`"));
}

TEST(BadPluginTest, ReadsNothingBehindAForeignMagic) {
  const Diagnostic problem = problem_of("wrong_magic");
  EXPECT_EQ(problem.code, "plugin.build-mismatch");
  EXPECT_THAT(problem.notes, Contains("magic: plugin `not us`, ncmlab `ncmlab`"));
  EXPECT_THAT(problem.notes, testing::Each(testing::Not(HasSubstr("compiler"))));
}

TEST(BadPluginTest, RefusesALibraryWithoutTheSymbol) {
  const Diagnostic problem = problem_of("no_symbol");
  EXPECT_EQ(problem.code, "plugin.no-symbol");
  EXPECT_EQ(problem.message, "not an ncmlab plugin: it does not export `ncmlab_plugin_v4`");
}

TEST(BadPluginTest, RefusesAText) {
  const Diagnostic problem = problem_of("not_a_library");
  EXPECT_EQ(problem.code, "plugin.not-a-library");
  EXPECT_EQ(problem.message, "not a shared library (no readable ELF file)");
}

TEST(BadPluginTest, NamesTheLibraryThatIsMissing) {
  const Diagnostic problem = problem_of("missing_library");
  EXPECT_EQ(problem.code, "plugin.load-failed");
  EXPECT_THAT(problem.message,
              AllOf(HasSubstr("libncmlab_absent.so"), HasSubstr("cannot open shared object")));
}

TEST(BadPluginTest, ReportsARegistrationThatThrows) {
  const Diagnostic problem = problem_of("throws_on_registration");
  EXPECT_EQ(problem.code, "plugin.broken");
  EXPECT_EQ(problem.message, "its registration failed: no schema today");
}

TEST(BadPluginTest, TurnsExceptionsOfTheConstructorIntoErrors) {
  const Loaded loaded = load({"throws_on_create"});
  ASSERT_EQ(loaded.catalogue.plugins().size(), 1u);
  for (const std::int64_t kind : {0, 1}) {
    const Diagnostic problem = error_of([&] {
      loaded.catalogue.create<Attack>(PluginKind::attack, "explosive", {{"kind", kind}});
    });
    EXPECT_EQ(problem.code, "plugin.create-failed");
    EXPECT_EQ(problem.message,
              "attack `explosive` cannot be created: " +
                  std::string(kind == 0 ? "the fuse was lit"
                                        : "it threw something that is not a std::exception"));
    EXPECT_THAT(problem.notes, ElementsAre(HasSubstr("libncmlab_attack_explosive.so")));
  }
}

TEST(BadPluginTest, ListsAllThatIsWrongWithAnEntryAndKeepsTheOthers) {
  const Loaded loaded = load({"bad_entry"});
  ASSERT_EQ(loaded.reports.size(), 1u);
  EXPECT_THAT(loaded.reports[0].entries, ElementsAre("attack/careful"));
  EXPECT_NE(loaded.catalogue.find(PluginKind::attack, "careful"), nullptr);
  EXPECT_EQ(loaded.catalogue.find(PluginKind::attack, "Care-less"), nullptr);
  std::vector<std::string> messages;
  for (const Diagnostic& problem : loaded.reports[0].problems) {
    EXPECT_EQ(problem.code, "plugin.bad-entry");
    messages.push_back(problem.message);
  }
  EXPECT_THAT(
      messages,
      testing::UnorderedElementsAre(
          HasSubstr("its name `Care-less` does not match"), HasSubstr("its summary must be one"),
          HasSubstr("its reference is empty"), HasSubstr("its version is empty"),
          HasSubstr("the default of its parameter `rate` must be between 0 and 1, found 1.5"),
          HasSubstr("`name` has a name that experiment files use"),
          HasSubstr("`undocumented` needs a sentence"),
          HasSubstr("`undocumented` is declared 2 times"),
          HasSubstr("`undocumented` is declared 2 times")));
}

TEST(BadPluginTest, UsesNoneOfTwoPluginsWithOneName) {
  const Loaded loaded = load({"twin_one", "twin_two"});
  EXPECT_TRUE(loaded.catalogue.plugins().empty());
  ASSERT_EQ(loaded.reports.size(), 2u);
  for (const LoadReport& report : loaded.reports) {
    ASSERT_EQ(report.problems.size(), 1u);
    EXPECT_EQ(report.problems[0].code, "plugin.duplicate");
    EXPECT_THAT(report.problems[0].notes,
                ElementsAre(HasSubstr("twin_one/libncmlab_attack_twin.so"),
                            HasSubstr("twin_two/libncmlab_attack_twin.so")));
  }
}

TEST(BadPluginTest, TakesOneFileOnceHoweverOftenItsFolderIsNamed) {
  const Loaded loaded = load({"twin_one", "twin_one", "twin_two/../twin_one"});
  EXPECT_EQ(loaded.reports.size(), 1u);
  ASSERT_EQ(loaded.catalogue.plugins().size(), 1u);
  EXPECT_EQ(loaded.catalogue.plugins()[0].file_digest.size(), 32u);
}

TEST(BadPluginTest, PassesOverFoldersThatAreNotThere) {
  EXPECT_THAT(load({"nowhere"}).reports, IsEmpty());
}

TEST(BadPluginTest, SurvivesLibrariesCutAnywhere) {
  const std::string whole = read_file(kFolder / "twin_one/libncmlab_attack_twin.so");
  const ScratchFolder folder;
  const auto file = folder.path() / "libncmlab_attack_cut.so";
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{4}, std::size_t{63},
                                 std::size_t{64}, std::size_t{1000}, whole.size() / 2}) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
    const auto problem = detail::check_exports(file);
    ASSERT_TRUE(problem.has_value()) << size << " bytes";
    EXPECT_EQ(problem->code, "plugin.not-a-library") << size << " bytes";
  }
}

TEST(BuildStampTest, ComparesEveryByte) {
  const BuildStamp host = current_build_stamp();
  EXPECT_THAT(detail::stamp_differences(host, host), IsEmpty());
  for (std::size_t i = 0; i < sizeof(BuildStamp); ++i) {
    BuildStamp other = host;
    reinterpret_cast<unsigned char*>(&other)[i] ^= 1;
    EXPECT_FALSE(detail::stamp_differences(other, host).empty()) << "byte " << i;
  }
}

TEST(CatalogueTest, NamesAnUnknownPlugin) {
  const Catalogue catalogue;
  EXPECT_EQ(code_of([&] { catalogue.create<Attack>(PluginKind::attack, "nobody", {}); }),
            "plugin.unknown");
}

TEST(PluginFoldersTest, FollowsOptionsThenVariableThenExecutable) {
  setenv("NCMLAB_PLUGIN_PATH", "/first::/second", 1);
  const auto folders = plugin_folders({"/option"});
  unsetenv("NCMLAB_PLUGIN_PATH");
  ASSERT_EQ(folders.size(), 5u);
  EXPECT_EQ(folders[0], "/option");
  EXPECT_EQ(folders[1], "/first");
  EXPECT_EQ(folders[2], "/second");
  EXPECT_THAT(folders[3].string(), testing::EndsWith("/lib/ncmlab/plugins"));
  EXPECT_THAT(folders[4].string(), testing::EndsWith("/lib"));
}

}  // namespace
}  // namespace ncmlab
