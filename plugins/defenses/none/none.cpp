// SPDX-License-Identifier: Apache-2.0
#include "none.hpp"

#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {

DefenseOutcome NoDefense::defend(DefenseContext& context) const {
  context.progress.check();
  return {};
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::NoDefense>())
