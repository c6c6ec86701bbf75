// SPDX-License-Identifier: Apache-2.0
#include "loader/plugin_call.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cfenv>
#include <clocale>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "error_of.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const PluginOrigin kOrigin{
    .kind = PluginKind::attack, .name = "toy", .file = "/plugins/libncmlab_attack_toy.so"};

template <typename Work>
Diagnostic thrown_by(const Work& work) {
  return error_of([&] { call_plugin(kOrigin, "prepare", work); });
}

TEST(PluginCallTest, NamesThePluginTheFunctionAndTheLibrary) {
  const Diagnostic problem = thrown_by([] { throw std::runtime_error("boom\n  at 0x123"); });
  EXPECT_EQ(problem.code, "plugin.threw");
  EXPECT_EQ(problem.message, "attack `toy` threw an exception in `prepare`: boom");
  EXPECT_THAT(problem.notes, ElementsAre("loaded from /plugins/libncmlab_attack_toy.so"));
  EXPECT_EQ(thrown_by([] { throw 7; }).message,
            "attack `toy` threw something that is no exception in `prepare`");
}

TEST(PluginCallTest, KeepsWhatAnErrorSays) {
  const Diagnostic problem = thrown_by([] {
    throw Error(Diagnostic{.code = "data.bad-line",
                           .message = "no",
                           .span = Span{.file = "f", .line = 3},
                           .help = {"mend it"},
                           .notes = {"it is so"}});
  });
  EXPECT_EQ(problem.code, "data.bad-line");
  EXPECT_EQ(problem.message, "no");
  EXPECT_EQ(problem.span->line, 3);
  EXPECT_THAT(problem.help, ElementsAre("mend it"));
  EXPECT_THAT(
      problem.notes,
      ElementsAre("it is so",
                  "reported by attack `toy`, loaded from /plugins/libncmlab_attack_toy.so"));
}

TEST(PluginCallTest, APathThatTheSystemRefusesIsNoFaultOfThePlugin) {
  const std::string path(300, 'x');
  const Diagnostic problem =
      thrown_by([&] { static_cast<void>(std::filesystem::file_size(path)); });
  EXPECT_EQ(problem.code, "io.path");
  EXPECT_THAT(problem.message, testing::HasSubstr("255 bytes and the whole 4095, found 300 and"));
  EXPECT_THAT(problem.notes, ElementsAre("met by attack `toy` in `prepare`, loaded from "
                                         "/plugins/libncmlab_attack_toy.so"));
}

TEST(PluginCallTest, BlamesTheInnermostPluginOnce) {
  const PluginOrigin task{.kind = PluginKind::task, .name = "inner", .file = "/inner.so"};
  const Diagnostic problem =
      thrown_by([&] { call_plugin(task, "parts", [] { throw std::runtime_error("no parts"); }); });
  EXPECT_EQ(problem.message, "task `inner` threw an exception in `parts`: no parts");
  EXPECT_THAT(problem.notes, ElementsAre("loaded from /inner.so"));
}

TEST(PluginCallTest, LetsCancelledPass) {
  EXPECT_THROW(call_plugin(kOrigin, "prepare", [] { throw Cancelled(); }), Cancelled);
}

void leave_everything_changed() {
  at::GradMode::set_enabled(false);
  at::set_num_threads(3);
  at::manual_seed(77);
  at::globalContext().setDeterministicAlgorithms(true, true);
  std::fesetround(FE_UPWARD);
  std::filesystem::current_path("/");
  std::setlocale(LC_ALL, "C.UTF-8");
  std::signal(SIGINT, SIG_IGN);
}

TEST(PluginCallTest, PutsBackWhatIsTheProcesss) {
  at::set_num_threads(2);
  at::manual_seed(5);
  const at::Tensor first = at::rand({4});
  at::manual_seed(5);
  const std::filesystem::path folder = std::filesystem::current_path();
  const std::string locale = std::setlocale(LC_ALL, nullptr);
  call_plugin(kOrigin, "prepare", [] { leave_everything_changed(); });
  EXPECT_TRUE(at::GradMode::is_enabled());
  EXPECT_EQ(at::get_num_threads(), 2);
  EXPECT_TRUE(at::equal(at::rand({4}), first)) << "the default generator stands elsewhere";
  EXPECT_FALSE(at::globalContext().deterministicAlgorithms());
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
  EXPECT_EQ(std::filesystem::current_path(), folder);
  EXPECT_EQ(locale, std::setlocale(LC_ALL, nullptr));
  EXPECT_EQ(std::signal(SIGINT, SIG_DFL), SIG_DFL);
}

TEST(PluginCallTest, PutsItBackAfterAnException) {
  EXPECT_THROW(call_plugin(kOrigin, "prepare",
                           [] {
                             leave_everything_changed();
                             throw std::runtime_error("and left");
                           }),
               Error);
  EXPECT_TRUE(at::GradMode::is_enabled());
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

TEST(PluginCallDeathTest, AnExitOfAPluginIsReportedUnderItsName) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(call_plugin(kOrigin, "poison", [] { std::exit(0); }), testing::ExitedWithCode(1),
              AllOf(HasSubstr("attack `toy` ended the program: `exit` was called in `poison`"),
                    HasSubstr("/plugins/libncmlab_attack_toy.so")));
  EXPECT_EXIT(call_plugin(kOrigin, "poison", [] { std::quick_exit(0); }),
              testing::ExitedWithCode(1), HasSubstr("attack `toy` ended the program"));
  EXPECT_EXIT(call_plugin(kOrigin, "poison", [] { std::thread([] { std::exit(0); }).join(); }),
              testing::ExitedWithCode(1), HasSubstr("attack `toy` ended the program"));
  EXPECT_EXIT(
      {
        call_plugin(kOrigin, "poison", [] {});
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace ncmlab
