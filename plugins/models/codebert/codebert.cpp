// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/nn/architecture.hpp"
#include "ncmlab/nn/roberta.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace {

using namespace ncmlab;
namespace fs = std::filesystem;

struct Config {
  std::string preset = "base";
  std::string checkpoint;
  std::string tokenizer;
  std::int64_t vocab_size = 2000;
  std::vector<std::int64_t> label_columns;
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

// Search reads the mean of all positions, as EliBadCode and BadCode do; classifiers read <s>.
Pooling pooling_for(const HeadShape& head) {
  return head.kind == HeadKind::similarity ? Pooling::mean : Pooling::cls;
}

class CodeBert final : public Model {
 public:
  static constexpr std::string_view kName = "codebert", kVersion = "0.1.0",
                                    kSummary =
                                        "A RoBERTa encoder of three sizes or from a Hugging Face "
                                        "checkpoint: <s> for classifiers, the mean for search.",
                                    kReference = "https://arxiv.org/abs/2002.08155";

  static Schema<Config> schema() {
    return Schema<Config>{}
        .field("preset", &Config::preset,
               "Size of a model with random weights; a checkpoint brings its own.",
               choices({"tiny", "small", "base"}))
        .field("checkpoint", &Config::checkpoint,
               "Folder with `config.json`, weights and tokenizer files in Hugging Face layout; "
               "empty for random weights.")
        .field("tokenizer", &Config::tokenizer,
               "Folder of the tokenizer; empty takes the checkpoint's, or trains one on the "
               "training split.")
        .field("vocab_size", &Config::vocab_size,
               "Size of a tokenizer trained on the training split.", range(300, 100000),
               unit("tokens"))
        .field("label_columns", &Config::label_columns,
               "The logit column of each label, for example [1, 0] where column 0 means defective; "
               "empty takes column = label.",
               at_least(0))
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
    auto tokenizer = std::make_shared<const Tokenizer>(make_tokenizer(context.texts));
    if (!config_.checkpoint.empty()) {
      return from_folder(config_.checkpoint, std::move(tokenizer), context);
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
    auto encoder =
        make_roberta(shape, pooling_for(context.head), context.rng.stream("encoder weights"));
    if (config_.positions == "sinusoidal") {
      fill_with_sinusoids(encoder->parameters().at("embeddings.position_embeddings.weight"),
                          shape.initializer_range);
    }
    return Victim(std::move(tokenizer), std::move(encoder),
                  Head(head, context.rng.stream("head weights")), context.rules);
  }

  Victim open(const fs::path& folder, const ModelContext& context) const override {
    return from_folder(folder, std::make_shared<const Tokenizer>(Tokenizer::from_folder(folder)),
                       context);
  }

  std::string data_fingerprint() const override {
    Hasher hasher;
    for (const std::string& folder : {config_.checkpoint, config_.tokenizer}) {
      if (!folder.empty()) {
        hash_folder(folder, hasher);
      }
    }
    return config_.checkpoint.empty() && config_.tokenizer.empty() ? std::string() : hasher.hex();
  }

 private:
  static void hash_folder(const fs::path& folder, Hasher& hasher) {
    if (!fs::is_directory(folder)) {
      throw ncmlab::Error(
          "checkpoint.missing-folder",
          "expected a folder with a checkpoint, found none at `" + folder.string() + "`",
          {"correct `checkpoint` or `tokenizer` of model `codebert`"});
    }
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_regular_file()) {
        files.push_back(entry.path());
      }
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      hasher.field(file.filename().string()).field(hash_file(file));
    }
  }

  Tokenizer make_tokenizer(const std::vector<std::string_view>& texts) const {
    if (!config_.tokenizer.empty()) {
      return Tokenizer::from_folder(config_.tokenizer);
    }
    if (!config_.checkpoint.empty()) {
      return Tokenizer::from_folder(config_.checkpoint);
    }
    return Tokenizer::train(texts, {.vocab_size = config_.vocab_size});
  }

  Victim from_folder(const fs::path& folder, std::shared_ptr<const Tokenizer> tokenizer,
                     const ModelContext& context) const {
    const fs::path config_file = folder / "config.json";
    const std::string config_text = read_file(config_file);
    const RobertaConfig shape = RobertaConfig::from_json(config_text, config_file.string());
    if (tokenizer->vocab_size() > shape.vocab_size) {
      throw ncmlab::Error("checkpoint.vocabulary-mismatch",
                          "the tokenizer has " + std::to_string(tokenizer->vocab_size()) +
                              " tokens, but the model in `" + folder.string() + "` embeds only " +
                              std::to_string(shape.vocab_size),
                          {"name the tokenizer that belongs to the checkpoint with `tokenizer`"});
    }
    const SplitWeights weights =
        split_weights(architecture_of(config_text, config_file.string()), read_weights(folder));
    HeadShape head = context.head;
    head.hidden = shape.hidden_size;
    head.dropout = shape.hidden_dropout_prob;
    head.label_columns = config_.label_columns;
    InputRules rules = context.rules;
    rules.max_tokens = std::min(rules.max_tokens, shape.max_position_embeddings - kPositionOffset);
    return Victim(
        std::move(tokenizer),
        make_encoder(config_text, config_file.string(), pooling_for(context.head), weights.encoder),
        weights.head.empty() ? Head(head, context.rng.stream("head weights"))
                             : Head(head, weights.head),
        rules);
  }

  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::model<CodeBert>())
