// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/encoder.hpp"

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

void Encoder::to(at::Device device) {
  if (device != this->device()) {
    throw Error("device.unsupported", "this encoder cannot be moved to `" + device.str() + "`",
                {"use `device = \"cpu\"`"});
  }
}

}  // namespace ncmlab
