// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/enum_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

enum class Shape { round, square, unnamed };

constexpr auto enum_names(Shape) {
  return std::to_array<ncmlab::EnumName<Shape>>(
      {{Shape::square, "square"}, {Shape::round, "round"}, {Shape::round, "circular"}});
}

class Paper {
 public:
  enum class Size { small = 5, large = 3 };
  friend constexpr auto enum_names(Size) {
    return std::to_array<ncmlab::EnumName<Size>>({{Size::small, "a5"}, {Size::large, "a3"}});
  }
};

enum class Season { winter, spring, summer };

constexpr auto enum_names(Season) {
  using enum Season;
  return std::to_array<ncmlab::EnumName<Season>>(
      {{winter, "winter"}, {spring, "spring"}, {summer, "summer"}});
}

enum class Nameless { one };

static_assert(ncmlab::NamedEnum<Shape> && ncmlab::NamedEnum<Paper::Size>);
static_assert(!ncmlab::NamedEnum<Nameless> && !ncmlab::NamedEnum<int>);
static_assert(ncmlab::to_string(Shape::square) == "square");

TEST(EnumNamesTest, NamesValues) {
  EXPECT_EQ(ncmlab::to_string(Shape::round), "round") << "the first of its names";
  EXPECT_EQ(ncmlab::to_string(Shape::unnamed), "");
  EXPECT_EQ(ncmlab::to_string(Paper::Size::large), "a3");
}

TEST(EnumNamesTest, FindsValuesByAnyOfTheirNames) {
  EXPECT_EQ(ncmlab::from_string<Shape>("round"), Shape::round);
  EXPECT_EQ(ncmlab::from_string<Shape>("circular"), Shape::round);
  EXPECT_EQ(ncmlab::from_string<Paper::Size>("a5"), Paper::Size::small);
  for (const char* other : {"", "Square", "unnamed", "squar", "squares"}) {
    EXPECT_EQ(ncmlab::from_string<Shape>(other), std::nullopt) << other;
  }
}

TEST(EnumNamesTest, ListsNamesForMessages) {
  EXPECT_EQ(ncmlab::listed_names<Paper::Size>(), "`a5` or `a3`");
  EXPECT_EQ(ncmlab::listed_names<Shape>(), "`square` or `round`") << "one name of each value";
  EXPECT_EQ(ncmlab::listed_names<Season>(), "`winter`, `spring` or `summer`");
}

TEST(EnumNamesTest, ListsNamesInTheirOrder) {
  EXPECT_THAT(ncmlab::all_names<Shape>(), testing::ElementsAre("square", "round", "circular"));
  EXPECT_THAT(ncmlab::all_names<Paper::Size>(), testing::ElementsAre("a5", "a3"));
}

}  // namespace
