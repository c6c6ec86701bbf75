// SPDX-License-Identifier: Apache-2.0
#include "engine/key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace ncmlab {
namespace {

Key key(const std::string& stage, std::vector<Key::Part> parts) {
  Key result(stage);
  for (auto& [name, value] : parts) {
    result.add(name, value);
  }
  return result;
}

TEST(KeyTest, EqualPartsGiveEqualHashes) {
  EXPECT_EQ(key("victim", {{"a", "1"}, {"b", "2"}}).hash(),
            key("victim", {{"a", "1"}, {"b", "2"}}).hash());
}

TEST(KeyTest, StageNamesAndValuesAllCount) {
  const std::string hash = key("victim", {{"a", "1"}}).hash();
  EXPECT_EQ(hash.size(), 32U);
  EXPECT_NE(hash, key("retrain", {{"a", "1"}}).hash());
  EXPECT_NE(hash, key("victim", {{"b", "1"}}).hash());
  EXPECT_NE(hash, key("victim", {{"a", "2"}}).hash());
  EXPECT_NE(hash, key("victim", {{"a1", ""}}).hash());
  EXPECT_NE(hash, key("victim", {{"a", "1"}, {"b", ""}}).hash());
}

TEST(KeyTest, NoTwoPartsHaveOneName) {
  Key twice("victim");
  twice.add("task.data", "a");
  EXPECT_THROW(twice.add("task.data", "b"), std::logic_error);
}

TEST(KeyTest, SoftwareNamesTheLibraries) {
  Key software("victim");
  add_software(software);
  const auto digest = testing::MatchesRegex("[0-9a-f]{32}");
  EXPECT_THAT(software.parts(),
              testing::IsSupersetOf({testing::Pair("software.libncmlab_base", digest),
                                     testing::Pair("software.libncmlab", digest)}));
}

TEST(KeyTest, ChangesNameWhatIsOtherNewAndGone) {
  const auto found =
      changes({{"a", "1"}, {"b", "2"}, {"c", "3"}}, {{"a", "1"}, {"b", "4"}, {"d", "5"}});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].name, "b");
  EXPECT_EQ(found[0].before, "2");
  EXPECT_EQ(found[0].after, "4");
  EXPECT_EQ(found[1].name, "d");
  EXPECT_EQ(found[1].before, "");
  EXPECT_EQ(found[2].name, "c");
  EXPECT_EQ(found[2].after, "");
}

}  // namespace
}  // namespace ncmlab
