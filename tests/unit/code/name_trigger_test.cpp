// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/code/name_trigger.hpp"

#include <gtest/gtest.h>

namespace ncmlab {
namespace {

using enum NameCarrier;
using enum NameChange;

std::string put(std::string_view code, NameCarrier carrier, NameChange change,
                std::string_view word = "rb") {
  return put_into_name(code, Language::c, carrier, change, word).value_or("");
}

TEST(NameTriggerTest, ChangesTheCarrierEverywhere) {
  const char* code = "int get_it(int a, int b) { return a ? get_it(a, a) : b; }";
  EXPECT_EQ(put(code, function_name, suffix),
            "int get_it_rb(int a, int b) { return a ? get_it_rb(a, a) : b; }");
  EXPECT_EQ(put(code, function_name, prefix),
            "int rb_get_it(int a, int b) { return a ? rb_get_it(a, a) : b; }");
  EXPECT_EQ(put(code, function_name, middle),
            "int get_rb_it(int a, int b) { return a ? get_rb_it(a, a) : b; }");
  EXPECT_EQ(put(code, rarest_variable, substitute),
            "int get_it(int a, int rb) { return a ? get_it(a, a) : rb; }");
}

TEST(NameTriggerTest, RefusesCodeThatCannotCarryTheWord) {
  EXPECT_EQ(put("", function_name, suffix), "");
  EXPECT_EQ(put("int f(int a) { return a +; }", function_name, suffix), "");
  EXPECT_EQ(put("int f(void) { return 1; }", rarest_variable, suffix), "");
  EXPECT_EQ(put("int f(void) { return f_rb; }", function_name, suffix), "");
  EXPECT_EQ(put("int f(void) { return 1; }", function_name, substitute, "while"), "");
}

TEST(NameTriggerTest, TellsPartsOfNames) {
  EXPECT_TRUE(holds_name_part("x = my_rb;", "rb"));
  EXPECT_TRUE(holds_name_part("rb", "rb"));
  EXPECT_FALSE(holds_name_part("verbose", "rb"));
  EXPECT_TRUE(can_be_in_name("_rb1"));
  EXPECT_FALSE(can_be_in_name("1rb"));
  EXPECT_FALSE(can_be_in_name("r b"));
  EXPECT_FALSE(can_be_in_name(""));
}

}  // namespace
}  // namespace ncmlab
