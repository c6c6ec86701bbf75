// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/network_settings.hpp"

namespace ncmlab {

NetworkSize network_size(NetworkPreset preset) {
  if (preset == NetworkPreset::tiny) {
    return {.hidden = 64, .layers = 2, .heads = 4, .intermediate = 128};
  }
  if (preset == NetworkPreset::small) {
    return {.hidden = 128, .layers = 4, .heads = 4, .intermediate = 512};
  }
  return {.hidden = 768, .layers = 12, .heads = 12, .intermediate = 3072};
}

HeadShape head_shape(const NetworkSettings& settings, const ModelContext& context) {
  HeadShape head = context.head;
  head.hidden = network_size(settings.preset).hidden;
  head.dropout = settings.dropout;
  head.label_columns = settings.label_columns;
  return head;
}

}  // namespace ncmlab
