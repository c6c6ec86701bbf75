// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/files.hpp"
#include "ncmlab/networks/architecture.hpp"
#include "ncmlab/networks/roberta.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace {

struct Config {
  std::int64_t hidden = 16;
  std::int64_t layers = 1;
  std::int64_t vocab_size = 400;
  bool from_checkpoint = false;
};

// The smallest RoBERTa that trains, with a tokenizer of its own.
class Echo final : public ncmlab::Model {
 public:
  static constexpr std::string_view kName = "echo", kVersion = "0.1.0",
                                    kSummary = "A RoBERTa of one narrow layer.",
                                    kReference = "tests/support/plugins";
  static ncmlab::Schema<Config> schema() {
    return ncmlab::Schema<Config>{}
        .field("hidden", &Config::hidden, "Width of the encoder.", ncmlab::range(4, 256))
        .field("layers", &Config::layers, "Layers of the encoder.", ncmlab::range(1, 4))
        .field("vocab_size", &Config::vocab_size, "Tokens of the vocabulary.",
               ncmlab::range(300, 2000))
        .field("from_checkpoint", &Config::from_checkpoint,
               "Whether it passes its random weights off as those of a checkpoint.");
  }

  explicit Echo(Config config) : config_(config) {}

  ncmlab::CodeModel build(const ncmlab::ModelContext& context) const override {
    auto tokenizer = std::make_shared<const ncmlab::Tokenizer>(
        ncmlab::Tokenizer::train(context.texts, {.vocab_size = config_.vocab_size}));
    ncmlab::RobertaConfig network;
    network.vocab_size = tokenizer->vocab_size();
    network.hidden_size = config_.hidden;
    network.num_hidden_layers = config_.layers;
    network.num_attention_heads = 2;
    network.intermediate_size = 2 * config_.hidden;
    network.max_position_embeddings = context.rules.max_tokens + 2;
    auto encoder =
        ncmlab::make_roberta(network, ncmlab::Pooling::cls, context.rng.stream("encoder"));
    return {std::move(tokenizer), std::move(encoder),
            ncmlab::Head(head_of(context, config_.hidden), context.rng.stream("head")),
            context.rules};
  }

  ncmlab::CodeModel open(const std::filesystem::path& folder,
                         const ncmlab::ModelContext& context) const override {
    const auto file = folder / "config.json";
    const std::string config = ncmlab::read_file(file);
    const ncmlab::StateDict weights = ncmlab::read_weights(folder);
    const ncmlab::SplitWeights split =
        ncmlab::split_weights(ncmlab::architecture_of(config, file.string()), weights);
    auto encoder = ncmlab::make_encoder(config, file.string(), ncmlab::Pooling::cls, split.encoder);
    const std::int64_t hidden = encoder->shape().hidden;
    return {std::make_shared<const ncmlab::Tokenizer>(ncmlab::Tokenizer::from_folder(folder)),
            std::move(encoder), ncmlab::Head(head_of(context, hidden), split.head), context.rules};
  }

  bool starts_from_checkpoint() const override { return config_.from_checkpoint; }
  std::string data_fingerprint() const override { return {}; }

 private:
  static ncmlab::HeadShape head_of(const ncmlab::ModelContext& context, std::int64_t hidden) {
    ncmlab::HeadShape shape = context.head;
    shape.hidden = hidden;
    return shape;
  }

  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::model<Echo>())
