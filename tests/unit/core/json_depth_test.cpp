// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/json_depth.hpp"

#include <gtest/gtest.h>

namespace ncmlab {
namespace {

TEST(JsonDepthTest, CountsBracketsOutsideStrings) {
  const std::string open(kDeepestJson, '[');
  EXPECT_EQ(too_deep_json(open + std::string(kDeepestJson, ']')), "");
  EXPECT_NE(too_deep_json(open + "{"), "");
  EXPECT_NE(too_deep_json("{\"a\": \"\\\\\", \"b\": " + open), "");
  EXPECT_EQ(too_deep_json("{\"a\\\"" + open + "\": [\"" + open + "\"]}"), "");
  std::string siblings;
  for (int i = 0; i < 1000; ++i) {
    siblings += "[{}],";
  }
  EXPECT_EQ(too_deep_json(siblings), "");
}

}  // namespace
}  // namespace ncmlab
