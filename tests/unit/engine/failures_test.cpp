// SPDX-License-Identifier: Apache-2.0
#include "engine/failures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ncmlab/core/progress.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;

Diagnostic bad_record() {
  return {.code = "data.missing-field",
          .message = "the record has no field `func`",
          .span = Span{.file = "data/train.jsonl", .line = 3},
          .help = {"a field with a similar name exists: `fun`"}};
}

class FailuresTest : public testing::Test {
 protected:
  /// The message of the StageFailed that `what` ends with.
  std::string fail(const std::string& what, std::vector<Diagnostic> diagnostics) {
    try {
      failures_.fail(what, "victim: " + what, std::move(diagnostics),
                     [&](const std::string& text) { told_.push_back(text); });
    } catch (const StageFailed& failed) {
      failures_.count_cell(failed.cause());
      return failed.what();
    }
    return "nothing was thrown";
  }

  Failures failures_;
  std::vector<std::string> told_;
};

TEST_F(FailuresTest, TellsACauseOnceWithCodePlaceAndHelp) {
  const std::string cause =
      "data/train.jsonl:3: the record has no field `func` [data.missing-field; a field with a "
      "similar name exists: `fun`]";
  EXPECT_EQ(fail("a", {bad_record()}), cause);
  EXPECT_EQ(fail("b", {bad_record()}), cause)
      << "the same for every stage that the input keeps from work";
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_THAT(told_[0], testing::AllOf(HasSubstr("error[data.missing-field]"),
                                       HasSubstr("--> data/train.jsonl:3"), HasSubstr("`fun`")));
  EXPECT_EQ(told_[1], "victim: b: for the same reason as above");
  ASSERT_EQ(failures_.causes().size(), 1U);
  EXPECT_EQ(failures_.causes()[0].cells, 2U);
  EXPECT_TRUE(is_about_input(failures_.causes()[0]));
}

TEST_F(FailuresTest, KeepsTheStageOfWhatIsNotInTheInput) {
  EXPECT_EQ(fail("a", {{.code = "train.not-finite", .message = "the loss is nan"}}),
            "victim: a: the loss is nan [train.not-finite]");
  EXPECT_FALSE(is_about_input(failures_.causes()[0]));
  EXPECT_THROW(failures_.throw_if_failed("a"), StageFailed);
  EXPECT_NO_THROW(failures_.throw_if_failed("b"));
}

TEST(CurrentFailureTest, KeepsDiagnosticsAndWrapsWhatElseIsThrown) {
  const auto caught = [&](const auto& raise) {
    try {
      raise();
    } catch (...) {
      return current_failure(silent_progress()).front();
    }
    return Diagnostic{};
  };
  EXPECT_EQ(caught([] { throw Error(bad_record()); }).help, bad_record().help);
  const Diagnostic foreign = caught([] { throw std::runtime_error("one\nand a stack"); });
  EXPECT_EQ(foreign.code, "engine.exception");
  EXPECT_EQ(foreign.message, "one");
  EXPECT_EQ(caught([] { throw 3; }).message, "something was thrown that is no exception");
  EXPECT_EQ(caught([] { throw Cancelled(); }).message,
            "it says that it was cancelled, which it was not");
}

}  // namespace
}  // namespace ncmlab
