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

}  // namespace
}  // namespace ncmlab
