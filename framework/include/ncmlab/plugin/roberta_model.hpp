// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/plugin/network_settings.hpp"

namespace ncmlab {

/// What the position embeddings of a network with random weights start as.
enum class PositionStart { random, sinusoidal };

constexpr auto enum_names(PositionStart) {
  return std::to_array<EnumName<PositionStart>>(
      {{PositionStart::random, "random"}, {PositionStart::sinusoidal, "sinusoidal"}});
}

/// The settings of a model plugin whose network is a RoBERTa encoder. The plugin's config struct
/// derives from it; roberta_fields() adds them to its schema.
struct RobertaSettings : NetworkSettings {
  double initializer_range = 0.02;
  PositionStart positions = PositionStart::random;
};

template <std::derived_from<RobertaSettings> Config>
Schema<Config> roberta_fields(Schema<Config>&& schema) {
  return network_fields(std::move(schema))
      .field("initializer_range", &Config::initializer_range,
             "Standard deviation of random weights.", range(1e-6, 10.0),
             only_where("checkpoint", ""))
      .field("positions", &Config::positions,
             "Start of the position embeddings of a model with random weights: random as in BERT, "
             "or sinusoids of the same spread, from which small models learn sooner.",
             only_where("checkpoint", ""));
}

/// The model of `settings.checkpoint`, or a fresh one of the preset's size. Similarity heads read
/// the mean over all positions, as BadCode and EliBadCode do, others <s>.
CodeModel build_roberta(const RobertaSettings& settings, std::shared_ptr<const Tokenizer> tokenizer,
                        const ModelContext& context);

/// Model::check(): of the checkpoint if there is one.
std::vector<std::string> check_roberta(const RobertaSettings& settings,
                                       std::shared_ptr<const Tokenizer> tokenizer,
                                       const ModelContext& context);

/// The model that CodeModel::save() wrote to `folder`.
CodeModel open_roberta(const RobertaSettings& settings, const std::filesystem::path& folder,
                       std::shared_ptr<const Tokenizer> tokenizer, const ModelContext& context);

}  // namespace ncmlab
