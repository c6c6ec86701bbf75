// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstdint>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/plugin/model_files.hpp"

namespace ncmlab {

/// The size of a network with random weights.
enum class NetworkPreset { tiny, small, base };

constexpr auto enum_names(NetworkPreset) {
  using enum NetworkPreset;
  return std::to_array<EnumName<NetworkPreset>>({{tiny, "tiny"}, {small, "small"}, {base, "base"}});
}

/// The settings that every transformer of the model plugins has: its files, and the size and the
/// dropout of one with random weights. The plugin's config struct derives from it;
/// network_fields() adds them to its schema.
struct NetworkSettings : ModelFiles {
  NetworkPreset preset = NetworkPreset::base;
  double dropout = 0.1;
};

template <std::derived_from<NetworkSettings> Config>
Schema<Config> network_fields(Schema<Config>&& schema) {
  return model_file_fields(std::move(schema).field(
                               "preset", &Config::preset,
                               "Size of a model with random weights; a checkpoint brings its own.",
                               only_where("checkpoint", "")))
      .field("dropout", &Config::dropout, "Dropout of a model with random weights, in all places.",
             range(0.0, 0.9), only_where("checkpoint", ""));
}

struct NetworkSize {
  std::int64_t hidden, layers, heads, intermediate;
};
NetworkSize network_size(NetworkPreset preset);

/// The head of a network with random weights: the task's, with the hidden size, the dropout and
/// the label columns filled in.
HeadShape head_shape(const NetworkSettings& settings, const ModelContext& context);

}  // namespace ncmlab
