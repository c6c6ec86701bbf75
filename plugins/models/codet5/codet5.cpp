// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "ncmlab/nn/t5.hpp"
#include "ncmlab/plugin/model_files.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace {

using namespace ncmlab;

struct Config : ModelFiles {
  std::string preset = "base";
  double dropout = 0.1;
  double initializer_factor = 1.0;
};

struct Preset {
  std::string_view name;
  std::int64_t d_model, layers, heads, d_kv, d_ff;
};
constexpr Preset kPresets[] = {
    {"tiny", 64, 2, 4, 16, 128}, {"small", 128, 4, 4, 32, 512}, {"base", 768, 12, 12, 64, 3072}};

class CodeT5 final : public Model {
 public:
  static constexpr std::string_view kName = "codet5", kVersion = "0.1.0",
                                    kSummary =
                                        "A T5 encoder-decoder read at its last </s>, of three "
                                        "sizes or from a Hugging Face checkpoint.",
                                    kReference = "https://arxiv.org/abs/2109.00859";

  static Schema<Config> schema() {
    return model_file_fields(
               Schema<Config>{}.field(
                   "preset", &Config::preset,
                   "Size of a model with random weights; a checkpoint brings its own.",
                   choices({"tiny", "small", "base"})))
        .field("dropout", &Config::dropout,
               "Dropout of a model with random weights, in all places.", range(0.0, 0.9))
        .field("initializer_factor", &Config::initializer_factor,
               "Factor on the standard deviations of T5's random weights.", range(1e-3, 10.0));
  }

  explicit CodeT5(Config config) : config_(std::move(config)) {}

  Victim build(const ModelContext& context) const override {
    auto tokenizer = make_tokenizer(config_, context.texts);
    if (!config_.checkpoint.empty()) {
      return open_checkpoint(config_.checkpoint, std::move(tokenizer), use(), context);
    }
    const Preset& preset = *std::find_if(std::begin(kPresets), std::end(kPresets),
                                         [&](const Preset& p) { return p.name == config_.preset; });
    const SpecialIds& special = tokenizer->special();
    const T5Config shape{.vocab_size = tokenizer->vocab_size(),
                         .d_model = preset.d_model,
                         .d_kv = preset.d_kv,
                         .d_ff = preset.d_ff,
                         .num_layers = preset.layers,
                         .num_decoder_layers = preset.layers,
                         .num_heads = preset.heads,
                         .pad_token_id = special.pad,
                         .eos_token_id = special.eos,
                         .decoder_start_token_id = special.pad,
                         .dropout_rate = config_.dropout,
                         .initializer_factor = config_.initializer_factor};
    HeadShape head = context.head;
    head.hidden = preset.d_model;
    head.dropout = config_.dropout;
    head.label_columns = config_.label_columns;
    return Victim(std::move(tokenizer), make_t5(shape, context.rng.stream("encoder weights")),
                  Head(head, context.rng.stream("head weights")), context.rules);
  }

  Victim open(const std::filesystem::path& folder, const ModelContext& context) const override {
    return open_checkpoint(
        folder, std::make_shared<const Tokenizer>(Tokenizer::from_folder(folder)), use(), context);
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
