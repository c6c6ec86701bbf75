// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/quota.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace ncmlab {
namespace {

/// How many samples with these labels are read.
int taken(Quota quota, const std::vector<std::int64_t>& labels) {
  int count = 0;
  for (const std::int64_t label : labels) {
    if (quota.reached()) {
      break;
    }
    quota.count(label);
    ++count;
  }
  return count;
}

TEST(QuotaTest, TakesTheFirstAndGoesOnToASecondLabel) {
  EXPECT_EQ(taken(Quota(2), {0, 1, 0, 1}), 2);
  EXPECT_EQ(taken(Quota(2), {0, 0, 0, 1, 0}), 4);
  EXPECT_EQ(taken(Quota(2), {0, 0, 0, 0}), 4) << "all, since there is no second label";
}

TEST(QuotaTest, TakesAllWithoutANumberAndAsksForNoLabelsWhereThereAreNone) {
  EXPECT_EQ(taken(Quota(), {0, 1, 0, 1}), 4);
  EXPECT_EQ(taken(Quota(2, /*labels=*/false), {0, 0, 0, 0}), 2);
}

}  // namespace
}  // namespace ncmlab
