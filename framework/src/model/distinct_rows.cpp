// SPDX-License-Identifier: Apache-2.0
#include "model/distinct_rows.hpp"

#include <string_view>
#include <unordered_map>

namespace ncmlab {

DistinctRows distinct_rows(const std::vector<TokenSample>& samples) {
  DistinctRows result;
  std::unordered_map<std::string_view, std::int64_t> known;
  for (const TokenSample& sample : samples) {
    for (const TokenRow& part : sample.parts) {
      const std::string_view bytes(reinterpret_cast<const char*>(part.ids.data()),
                                   part.ids.size() * sizeof(std::int64_t));
      const auto [place, is_new] = known.try_emplace(bytes, std::ssize(result.rows));
      if (is_new) {
        result.rows.push_back({.parts = {{.ids = part.ids, .ranges = {}}}, .label = 0});
      }
      result.row_of_part.push_back(place->second);
    }
  }
  return result;
}

void SampleProgress::advance(std::int64_t steps, std::string_view detail) {
  done_ += static_cast<std::size_t>(steps);
  const std::size_t samples = rows_ == 0 ? samples_ : samples_ * done_ / rows_;
  if (samples > reported_) {
    outer().advance(static_cast<std::int64_t>(samples - reported_), detail);
    reported_ = samples;
  }
}

}  // namespace ncmlab
