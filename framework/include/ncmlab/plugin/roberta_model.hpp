// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <memory>
#include <string>
#include <string_view>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/plugin/transformer_model.hpp"

namespace ncmlab {

/// What the position embeddings of a network with random weights start as.
enum class PositionStart { random, sinusoidal };

constexpr auto enum_names(PositionStart) {
  return std::to_array<EnumName<PositionStart>>(
      {{PositionStart::random, "random"}, {PositionStart::sinusoidal, "sinusoidal"}});
}

/// The settings of a RobertaModel. The plugin's config struct derives from it; roberta_fields()
/// adds them to its schema.
struct RobertaSettings : TransformerSettings {
  double initializer_range = 0.02;
  PositionStart positions = PositionStart::random;
};

template <std::derived_from<RobertaSettings> Config>
Schema<Config> roberta_fields(Schema<Config>&& schema) {
  return transformer_fields(std::move(schema))
      .field("initializer_range", &Config::initializer_range,
             "Standard deviation of random weights.", range(1e-6, 10.0),
             only_where("checkpoint", ""))
      .field("positions", &Config::positions,
             "Start of the position embeddings of a model with random weights: random as in BERT, "
             "or sinusoids of the same spread, from which small models learn sooner.",
             only_where("checkpoint", ""));
}

/// A TransformerModel that is a RoBERTa encoder. Similarity heads read the mean over all positions,
/// as BadCode and EliBadCode do, others <s>.
class RobertaModel : public TransformerModel {
 protected:
  RobertaModel(const RobertaSettings& settings, std::string_view name);

 private:
  Pooling pooling(const HeadShape& head) const final;
  std::unique_ptr<Encoder> fresh_network(const NetworkSize& size, const Tokenizer& tokenizer,
                                         const ModelContext& context) const final;

  double initializer_range_;
  bool has_sinusoids_;
};

}  // namespace ncmlab
