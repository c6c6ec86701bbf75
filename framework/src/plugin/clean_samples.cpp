// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/clean_samples.hpp"

#include <string>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

void require_clean_samples(const DefenseContext& context, std::string_view defense) {
  if (context.clean_samples.empty()) {
    throw Error("defense.no-clean-samples",
                "`" + std::string(defense) + "` was given no clean samples",
                {"raise `clean_share` of the experiment"});
  }
}

}  // namespace ncmlab
