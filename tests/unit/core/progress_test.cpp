// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/progress.hpp"

#include <gtest/gtest.h>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

class Stopped : public Progress {
 public:
  bool cancelled() const override { return true; }
};

TEST(ProgressTest, CheckThrowsOnlyAfterACancel) {
  EXPECT_THROW(Stopped().check(), Cancelled);
  EXPECT_NO_THROW(silent_progress().check());
  EXPECT_FALSE(silent_progress().cancelled());
}

TEST(ProgressTest, AQuietOnePassesOnNothingButTheWishToStop) {
  class Counting : public Progress {
   public:
    void advance(std::int64_t steps, std::string_view) override { steps_ += steps; }
    std::int64_t steps_ = 0;
  } counting;
  QuietProgress quiet(counting);
  quiet.advance(3);
  EXPECT_EQ(counting.steps_, 0);
  EXPECT_FALSE(quiet.cancelled());
  Stopped stopped;
  EXPECT_TRUE(QuietProgress(stopped).cancelled());
}

}  // namespace
}  // namespace ncmlab
