// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string_view>

#include "ncmlab/networks/t5.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/transformer_model.hpp"

namespace {

using namespace ncmlab;

struct Config : TransformerSettings {
  double initializer_factor = 1.0;
};

class CodeT5 final : public TransformerModel {
 public:
  static constexpr std::string_view kName = "codet5", kVersion = "0.1.0",
                                    kSummary =
                                        "A T5 encoder-decoder read at its last </s>, of three "
                                        "sizes or from a Hugging Face checkpoint.",
                                    kReference = "https://arxiv.org/abs/2109.00859";

  static Schema<Config> schema() {
    return transformer_fields(Schema<Config>{})
        .field("initializer_factor", &Config::initializer_factor,
               "Factor on the standard deviations of T5's random weights.", range(1e-3, 10.0),
               only_where("checkpoint", ""));
  }

  explicit CodeT5(const Config& config)
      : TransformerModel(config, kName, "t5"), initializer_factor_(config.initializer_factor) {}

 private:
  Pooling pooling(const HeadShape&) const override { return Pooling::last_eos; }

  std::unique_ptr<Encoder> fresh_network(const NetworkSize& size, const Tokenizer& tokenizer,
                                         const ModelContext& context) const override {
    const SpecialIds& special = tokenizer.special();
    const T5Config shape{.vocab_size = tokenizer.vocab_size(),
                         .d_model = size.hidden,
                         .d_kv = size.hidden / size.heads,
                         .d_ff = size.intermediate,
                         .num_layers = size.layers,
                         .num_decoder_layers = size.layers,
                         .num_heads = size.heads,
                         .pad_token_id = special.pad,
                         .eos_token_id = special.eos,
                         .decoder_start_token_id = special.pad,
                         .dropout_rate = settings().dropout,
                         .initializer_factor = initializer_factor_};
    return make_t5(shape, context.rng.stream("encoder weights"));
  }

  double initializer_factor_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::model<CodeT5>())
