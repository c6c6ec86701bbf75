// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "ncmlab/nn/roberta.hpp"
#include "ncmlab/plugin/model_files.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace {

using namespace ncmlab;
namespace fs = std::filesystem;

struct Config : ModelFiles {
  std::string preset = "base";
  double dropout = 0.1;
  double initializer_range = 0.02;
  std::string positions = "random";
};

struct Preset {
  std::string_view name;
  std::int64_t hidden, layers, heads, intermediate;
};
constexpr Preset kPresets[] = {
    {"tiny", 64, 2, 4, 128}, {"small", 128, 4, 4, 512}, {"base", 768, 12, 12, 3072}};

// RoBERTa numbers positions from the padding id + 1.
constexpr std::int64_t kPositionOffset = 2;

// Vaswani et al., NeurIPS 2017, section 3.5, scaled so that the root mean square is `spread`.
void fill_with_sinusoids(const at::Tensor& table, double spread) {
  const torch::NoGradGuard no_grad;
  const std::int64_t width = table.size(1);
  const at::Tensor place = torch::arange(table.size(0), torch::kFloat32).unsqueeze(1);
  const at::Tensor exponent =
      torch::arange(0, width, 2, torch::kFloat32) / static_cast<double>(width);
  const at::Tensor angle = place / torch::pow(10000.0, exponent);
  const double amplitude = spread * std::sqrt(2.0);
  table.slice(1, 0, width, 2).copy_(torch::sin(angle) * amplitude);
  table.slice(1, 1, width, 2).copy_(torch::cos(angle) * amplitude);
}

class CodeBert final : public Model {
 public:
  static constexpr std::string_view kName = "codebert", kVersion = "0.1.0",
                                    kSummary =
                                        "A RoBERTa encoder of three sizes or from a Hugging Face "
                                        "checkpoint: <s> for classifiers, the mean for search.",
                                    kReference = "https://arxiv.org/abs/2002.08155";

  static Schema<Config> schema() {
    return model_file_fields(
               Schema<Config>{}.field(
                   "preset", &Config::preset,
                   "Size of a model with random weights; a checkpoint brings its own.",
                   choices({"tiny", "small", "base"})))
        .field("dropout", &Config::dropout,
               "Dropout of a model with random weights, in all places.", range(0.0, 0.9))
        .field("initializer_range", &Config::initializer_range,
               "Standard deviation of random weights.", range(1e-6, 10.0))
        .field(
            "positions", &Config::positions,
            "Start of the position embeddings of a model with random weights: random as in BERT, "
            "or sinusoids of the same spread, from which small models learn sooner.",
            choices({"random", "sinusoidal"}));
  }

  explicit CodeBert(Config config) : config_(std::move(config)) {}

  Victim build(const ModelContext& context) const override {
    auto tokenizer = make_tokenizer(config_, context.texts);
    if (!config_.checkpoint.empty()) {
      return open_checkpoint(config_.checkpoint, std::move(tokenizer), use(context), context);
    }
    const Preset& preset = *std::find_if(std::begin(kPresets), std::end(kPresets),
                                         [&](const Preset& p) { return p.name == config_.preset; });
    RobertaConfig shape;
    shape.vocab_size = tokenizer->vocab_size();
    shape.hidden_size = preset.hidden;
    shape.num_hidden_layers = preset.layers;
    shape.num_attention_heads = preset.heads;
    shape.intermediate_size = preset.intermediate;
    shape.max_position_embeddings = context.rules.max_tokens + kPositionOffset;
    shape.hidden_dropout_prob = shape.attention_probs_dropout_prob = config_.dropout;
    shape.initializer_range = config_.initializer_range;
    HeadShape head = context.head;
    head.hidden = preset.hidden;
    head.dropout = config_.dropout;
    head.label_columns = config_.label_columns;
    auto encoder = make_roberta(shape, pooling(context), context.rng.stream("encoder weights"));
    if (config_.positions == "sinusoidal") {
      fill_with_sinusoids(encoder->parameters().at("embeddings.position_embeddings.weight"),
                          shape.initializer_range);
    }
    return Victim(std::move(tokenizer), std::move(encoder),
                  Head(head, context.rng.stream("head weights")), context.rules);
  }

  Victim open(const fs::path& folder, const ModelContext& context) const override {
    return open_checkpoint(folder,
                           std::make_shared<const Tokenizer>(Tokenizer::from_folder(folder)),
                           use(context), context);
  }

  std::string data_fingerprint() const override { return fingerprint(config_, kName); }

 private:
  // Search reads the mean of all positions, as EliBadCode and BadCode do; classifiers read <s>.
  static Pooling pooling(const ModelContext& context) {
    return context.head.kind == HeadKind::similarity ? Pooling::mean : Pooling::cls;
  }
  CheckpointUse use(const ModelContext& context) const {
    return {.model_type = "roberta",
            .pooling = pooling(context),
            .label_columns = config_.label_columns};
  }

  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::model<CodeBert>())
