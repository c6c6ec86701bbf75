// SPDX-License-Identifier: Apache-2.0
#include "config/toml_nesting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/toml.hpp"
#include "error_of.hpp"

namespace ncmlab::config {
namespace {

using ::testing::HasSubstr;

std::string repeated(const std::string& piece, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) {
    result += piece;
  }
  return result;
}

/// Line, column and message of the first error; empty if there is none.
std::string refusal(const std::string& text) {
  try {
    parse_toml(text, "e.toml");
  } catch (const Error& error) {
    const Diagnostic& first = error.diagnostics().front();
    return first.code + " " + std::to_string(first.span->line) + ":" +
           std::to_string(first.span->column) + " " + first.message;
  }
  return {};
}

TEST(TomlNestingTest, KeysAndHeadersOfManyPartsAreRefused) {
  const std::string parts = repeated("a.", 110000) + "a";
  EXPECT_EQ(refusal("x = 1\n" + parts + " = 1\n"),
            "config.too-deep 2:1 a key has 110001 parts, at most 64 are read");
  EXPECT_EQ(refusal("[" + parts + "]\n"),
            "config.too-deep 1:1 a table header has 110001 parts, at most 64 are read");
  EXPECT_THAT(refusal("[[" + parts + "]]"), HasSubstr("110001 parts"));
  EXPECT_THAT(refusal("x = { " + parts + " = 1 }"), HasSubstr("110001 parts"));
  EXPECT_THAT(refusal(parts), HasSubstr("110001 parts"));
  EXPECT_THAT(refusal(repeated("\"a.b\" . ", 70) + "c = 1"), HasSubstr("71 parts"));
}

TEST(TomlNestingTest, ValuesThatNestDeepAreRefused) {
  EXPECT_EQ(refusal("\nx = " + repeated("[", 200000)),
            "config.too-deep 2:69 arrays and inline tables nest 200000 levels deep, at most 64 "
            "are read");
  EXPECT_THAT(refusal("x = " + repeated("{a=", 100000)), HasSubstr("config.too-deep"));
}

TEST(TomlNestingTest, WhatOnlyLooksDeepIsRead) {
  const std::string dots(200, '.');
  const std::string brackets(200, '[');
  EXPECT_EQ(refusal("a = \"" + dots + brackets + "\\\"" + dots + "\"\n"), "");
  EXPECT_EQ(refusal("a = '" + dots + brackets + "\\'\nb = 2 # " + brackets + dots + "\n"), "");
  EXPECT_EQ(refusal("a = \"\"\"\n" + dots + "\n\"\" " + brackets + "\"\"\"\"\"\nb = [1.5]\n"), "");
  EXPECT_EQ(refusal("a = '''\n" + brackets + "''\n'''\n"), "");
  EXPECT_EQ(refusal("a = [" + repeated("1.5, ", 200) + "[2.5], [3.5]]\n"), "");
  EXPECT_EQ(refusal(repeated("a.", 63) + "a = 1\n"), "");
  EXPECT_EQ(refusal("x = " + repeated("[", 64) + repeated("]", 64) + "\n"), "");
}

}  // namespace
}  // namespace ncmlab::config
