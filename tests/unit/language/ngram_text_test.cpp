// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/language/ngram_text.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "habit_texts.hpp"

namespace ncmlab {
namespace {

TEST(NgramTextTest, WithoutAPartItIsTheShorterText) {
  for (const std::int64_t order : {1, 2, 4}) {
    const NgramModel model = NgramModel::train(habit_texts(), order);
    for (const auto& ids :
         {habit_texts()[1], habit_texts()[2], std::vector<std::int64_t>{1, 99, 2}}) {
      const NgramText text(model, ids);
      EXPECT_EQ(text.size(), ids.size());
      for (std::size_t begin = 0; begin <= ids.size(); ++begin) {
        for (std::size_t end = begin; end <= ids.size(); ++end) {
          std::vector<std::int64_t> shorter = ids;
          shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(begin),
                        shorter.begin() + static_cast<std::ptrdiff_t>(end));
          EXPECT_NEAR(text.entropy_without(begin, end), NgramText(model, shorter).entropy(), 1e-12)
              << order << ": " << begin << ", " << end;
        }
      }
    }
  }
}

TEST(NgramTextTest, EntropyIsPerId) {
  const NgramModel model = NgramModel::train(habit_texts(), 2);
  const std::vector<std::int64_t> ids = {1, 2, 3};
  const std::vector<double> logs = model.log10_probabilities(ids);
  EXPECT_DOUBLE_EQ(NgramText(model, ids).entropy(),
                   -std::accumulate(logs.begin(), logs.end(), 0.0) / 3);
  EXPECT_EQ(NgramText(model, {}).entropy(), 0);
}

}  // namespace
}  // namespace ncmlab
