// SPDX-License-Identifier: Apache-2.0
#include "config/values.hpp"

#include <gtest/gtest.h>

namespace ncmlab::config {
namespace {

std::optional<std::string> environment(const std::string& name) {
  if (name == "HOME") {
    return "/home/x";
  }
  if (name == "EMPTY") {
    return "";
  }
  return std::nullopt;
}

std::string expand(std::string_view text) { return expand_variables(text, environment); }

TEST(ExpandVariablesTest, ReplacesVariables) {
  EXPECT_EQ(expand("${HOME}/data"), "/home/x/data");
  EXPECT_EQ(expand("a${HOME}b${HOME}"), "a/home/xb/home/x");
  EXPECT_EQ(expand("${EMPTY}"), "");
}

TEST(ExpandVariablesTest, UsesTheFallbackOfAnUnsetOrEmptyVariable) {
  EXPECT_EQ(expand("${OTHER:-data}/devign"), "data/devign");
  EXPECT_EQ(expand("${EMPTY:-data}"), "data");
  EXPECT_EQ(expand("${HOME:-data}"), "/home/x");
  EXPECT_EQ(expand("${OTHER:-}"), "");
}

TEST(ExpandVariablesTest, LeavesOtherTextAlone) {
  EXPECT_EQ(expand("if (0) {} $ $x {y} ~/z"), "if (0) {} $ $x {y} ~/z");
  EXPECT_EQ(expand("$${HOME}"), "${HOME}");
  EXPECT_EQ(expand(""), "");
}

TEST(ExpandVariablesTest, RejectsUnsetUnclosedAndMisnamed) {
  for (const char* text : {"${OTHER}", "${HOME", "${}", "${1A}", "${A B}", "${:-x}"}) {
    try {
      expand(text);
      ADD_FAILURE() << text << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.diagnostics().front().code, "config.variable") << text;
      EXPECT_FALSE(error.diagnostics().front().help.empty()) << text;
    }
  }
}

}  // namespace
}  // namespace ncmlab::config
