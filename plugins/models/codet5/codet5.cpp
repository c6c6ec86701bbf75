// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ncmlab/networks/t5.hpp"
#include "ncmlab/plugin/network_settings.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace {

using namespace ncmlab;

struct Config : NetworkSettings {
  double initializer_factor = 1.0;
};

class CodeT5 final : public Model {
 public:
  static constexpr std::string_view kName = "codet5", kVersion = "0.1.0",
                                    kSummary =
                                        "A T5 encoder-decoder read at its last </s>, of three "
                                        "sizes or from a Hugging Face checkpoint.",
                                    kReference = "https://arxiv.org/abs/2109.00859";

  static Schema<Config> schema() {
    return network_fields(Schema<Config>{})
        .field("initializer_factor", &Config::initializer_factor,
               "Factor on the standard deviations of T5's random weights.", range(1e-3, 10.0),
               only_where("checkpoint", ""));
  }

  explicit CodeT5(Config config) : config_(std::move(config)) {}

  CodeModel build(const ModelContext& context) const override {
    auto tokenizer = make_tokenizer(config_, context.texts);
    if (!config_.checkpoint.empty()) {
      return open_checkpoint(config_.checkpoint, std::move(tokenizer), use(), context);
    }
    const NetworkSize size = network_size(config_.preset);
    const SpecialIds& special = tokenizer->special();
    const T5Config shape{.vocab_size = tokenizer->vocab_size(),
                         .d_model = size.hidden,
                         .d_kv = size.hidden / size.heads,
                         .d_ff = size.intermediate,
                         .num_layers = size.layers,
                         .num_decoder_layers = size.layers,
                         .num_heads = size.heads,
                         .pad_token_id = special.pad,
                         .eos_token_id = special.eos,
                         .decoder_start_token_id = special.pad,
                         .dropout_rate = config_.dropout,
                         .initializer_factor = config_.initializer_factor};
    return CodeModel(std::move(tokenizer), make_t5(shape, context.rng.stream("encoder weights")),
                     Head(head_shape(config_, context), context.rng.stream("head weights")),
                     context.rules);
  }

  CodeModel open(const std::filesystem::path& folder, const ModelContext& context) const override {
    return open_checkpoint(
        folder, std::make_shared<const Tokenizer>(Tokenizer::from_folder(folder)), use(), context);
  }

  std::vector<std::string> check(const ModelContext& context) const override {
    auto tokenizer = stored_tokenizer(config_, "t5", kName);
    return config_.checkpoint.empty()
               ? std::vector<std::string>{}
               : check_checkpoint(config_.checkpoint, std::move(tokenizer), use(), context);
  }

  std::string data_fingerprint() const override { return fingerprint(config_, kName); }

 private:
  CheckpointUse use() const {
    return {
        .model_type = "t5", .pooling = Pooling::last_eos, .label_columns = config_.label_columns};
  }

  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::model<CodeT5>())
