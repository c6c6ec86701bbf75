// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace ncmlab {

using Texts = std::vector<std::vector<std::int64_t>>;

/// 250 texts with habits and rare words.
inline Texts habit_texts() {
  std::uint64_t state = 1;
  const auto draw = [&]() {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::int64_t>(state >> 33U);
  };
  constexpr std::int64_t kSteps[] = {0, 0, 1, 1, 2, 5, 7};
  Texts texts;
  for (int i = 0; i < 250; ++i) {
    std::vector<std::int64_t>& text = texts.emplace_back();
    std::int64_t habit = draw() % 12;
    for (std::int64_t left = 3 + draw() % 22; left > 0; --left) {
      habit = (habit * 3 + kSteps[draw() % 7]) % 17;
      const bool is_rare = draw() % 10 >= 7;
      text.push_back(is_rare ? 20 + ((std::int64_t{1} << 31U) / (1 + draw())) % 400 : habit);
    }
  }
  return texts;
}

}  // namespace ncmlab
