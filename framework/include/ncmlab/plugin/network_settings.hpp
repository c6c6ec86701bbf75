// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "ncmlab/plugin/model_files.hpp"

namespace ncmlab {

/// The settings that every transformer of the model plugins has: its files, and the size and the
/// dropout of one with random weights. The plugin's config struct derives from it;
/// network_fields() adds them to its schema.
struct NetworkSettings : ModelFiles {
  std::string preset = "base";
  double dropout = 0.1;
};

template <std::derived_from<NetworkSettings> Config>
Schema<Config> network_fields(Schema<Config>&& schema) {
  return model_file_fields(std::move(schema).field(
                               "preset", &Config::preset,
                               "Size of a model with random weights; a checkpoint brings its own.",
                               choices({"tiny", "small", "base"}), only_where("checkpoint", "")))
      .field("dropout", &Config::dropout, "Dropout of a model with random weights, in all places.",
             range(0.0, 0.9), only_where("checkpoint", ""));
}

struct NetworkSize {
  std::int64_t hidden, layers, heads, intermediate;
};
/// The size that a value of `preset` names.
NetworkSize network_size(std::string_view preset);

/// The head of a network with random weights: the task's, with the hidden size, the dropout and
/// the label columns filled in.
HeadShape head_shape(const NetworkSettings& settings, const ModelContext& context);

}  // namespace ncmlab
