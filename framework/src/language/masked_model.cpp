// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/language/masked_model.hpp"

#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/durable_writes.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/networks/architecture.hpp"
#include "networks/random_weights.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

/// Forms of one row that are run at a time.
constexpr std::size_t kFormsPerBatch = 32;

at::Tensor leaf(const at::Tensor& values) {
  return values.detach().to(at::kFloat).clone().set_requires_grad(true);
}

StateDict random_head(const RobertaConfig& config, const Rng& rng) {
  const std::int64_t width = config.hidden_size;
  StateDict head;
  head.add("dense.weight", random_weights({width, width}, config.initializer_range,
                                          rng.stream("language-model head")));
  head.add("dense.bias", leaf(at::zeros({width})));
  head.add("layer_norm.weight", leaf(at::ones({width})));
  head.add("layer_norm.bias", leaf(at::zeros({width})));
  head.add("bias", leaf(at::zeros({config.vocab_size})));
  return head;
}

/// The head of `weights`, whose names are those below `lm_head.`.
StateDict stored_head(const StateDict& weights, const RobertaConfig& config,
                      const fs::path& folder) {
  const std::int64_t width = config.hidden_size;
  const std::vector<std::pair<std::string, std::vector<std::int64_t>>> expected = {
      {"dense.weight", {width, width}},
      {"dense.bias", {width}},
      {"layer_norm.weight", {width}},
      {"layer_norm.bias", {width}},
      {"bias", {config.vocab_size}}};
  StateDict head;
  for (const auto& [name, sizes] : expected) {
    const at::Tensor* stored = weights.find(name);
    if (stored == nullptr && name == "bias") {
      stored = weights.find("decoder.bias");
    }
    if (stored == nullptr || stored->sizes() != at::IntArrayRef(sizes)) {
      throw Error("language.no-head",
                  "expected the language-model head's `lm_head." + name + "` of " +
                      std::to_string(sizes.front()) +
                      (sizes.size() > 1 ? " x " + std::to_string(sizes.back()) : "") +
                      " numbers in `" + folder.string() + "`, found " +
                      (stored == nullptr ? "none" : "one of another shape"),
                  {"name a folder of `RobertaForMaskedLM`, such as microsoft/codebert-base-mlm, or "
                   "make one with `ncmlab pretrain`"});
    }
    head.add(name, leaf(*stored));
  }
  return head;
}

void check_tied(const std::string& config, const fs::path& folder) {
  const nlohmann::json fields = nlohmann::json::parse(config);
  if (const auto tied = fields.find("tie_word_embeddings");
      tied != fields.end() && tied->is_boolean() && !tied->get<bool>()) {
    throw Error("language.untied",
                "`" + (folder / "config.json").string() +
                    "` says `tie_word_embeddings` false, but the head of a masked model shares "
                    "the word embeddings here",
                {"export the model with tied embeddings"});
  }
}

}  // namespace

MaskedModel::MaskedModel(std::shared_ptr<const Tokenizer> tokenizer, const RobertaConfig& config,
                         std::unique_ptr<Encoder> encoder, StateDict head)
    : tokenizer_(std::move(tokenizer)),
      config_(config),
      encoder_(std::move(encoder)),
      head_(std::move(head)) {
  if (tokenizer_->special().mask < 0) {
    throw Error("language.no-mask-token",
                "the tokenizer of a masked language model has no token that masks another",
                {"add `<mask>` to its special tokens"});
  }
  if (tokenizer_->vocab_size() > config_.vocab_size) {
    throw Error("checkpoint.vocabulary-mismatch",
                "the tokenizer has " + std::to_string(tokenizer_->vocab_size()) +
                    " tokens, but the language model knows " + std::to_string(config_.vocab_size),
                {"name the tokenizer that belongs to the model"});
  }
}

MaskedModel::MaskedModel(std::shared_ptr<const Tokenizer> tokenizer, const RobertaConfig& config,
                         const Rng& rng)
    : MaskedModel(std::move(tokenizer), config,
                  make_roberta(config, Pooling::cls, rng.stream("language model")),
                  random_head(config, rng)) {}

MaskedModel MaskedModel::open(const fs::path& folder) {
  const std::string origin = (folder / "config.json").string();
  const std::string text = read_file(origin);
  const RobertaConfig config = RobertaConfig::from_json(text, origin);
  check_tied(text, folder);
  const SplitWeights weights = split_weights(architecture_of(text, origin), read_weights(folder));
  return MaskedModel(std::make_shared<const Tokenizer>(Tokenizer::from_folder(folder)), config,
                     make_roberta(config, Pooling::cls, weights.encoder),
                     stored_head(weights.others.below("lm_head."), config, folder));
}

void MaskedModel::to(at::Device device) {
  encoder_->to(device);
  StateDict moved;
  for (const auto& [name, tensor] : head_) {
    moved.add(name, tensor.detach().to(device).set_requires_grad(true));
  }
  head_ = std::move(moved);
}

at::Tensor MaskedModel::logits(const Batch& batch, const at::Tensor& places, bool training) {
  const at::Tensor states = encoder_->hidden_states(batch, training).back();
  const at::Tensor chosen =
      states.reshape({-1, states.size(2)}).index_select(0, places.to(states.device()));
  const at::Tensor dense =
      at::gelu(at::linear(chosen, head_.at("dense.weight"), head_.at("dense.bias")));
  const at::Tensor normed = at::layer_norm(dense, {dense.size(1)}, head_.at("layer_norm.weight"),
                                           head_.at("layer_norm.bias"), config_.layer_norm_eps);
  return at::linear(normed, encoder_->embedding_table(), head_.at("bias"));
}

std::vector<std::int64_t> MaskedModel::seen(const std::vector<std::int64_t>& ids) const {
  const auto most = static_cast<std::size_t>(encoder_->shape().max_tokens);
  std::vector<std::int64_t> row = ids;
  if (row.size() > most) {
    row.resize(most);
    row.back() = ids.back();
  }
  return row;
}

std::vector<std::int64_t> MaskedModel::fill(const std::vector<std::int64_t>& ids,
                                            const std::vector<std::size_t>& places) {
  const at::NoGradGuard no_grad;
  std::vector<std::int64_t> row = seen(ids);
  std::vector<std::int64_t> visible;
  for (const std::size_t place : places) {
    // The closing token of a row that was cut stands where another was.
    if (place + (row.size() < ids.size() ? 1 : 0) < row.size()) {
      visible.push_back(static_cast<std::int64_t>(place));
      row[place] = tokenizer_->special().mask;
    }
  }
  std::vector<std::int64_t> filled = ids;
  if (visible.empty()) {
    return filled;
  }
  at::Tensor scores =
      logits(make_batch({&row}, tokenizer_->special().pad), at::tensor(visible), false).cpu();
  for (std::int64_t id = 0; id < scores.size(1); ++id) {
    if (id >= tokenizer_->vocab_size() || tokenizer_->is_special(id)) {
      scores.select(1, id).fill_(-std::numeric_limits<float>::infinity());
    }
  }
  const at::Tensor best = scores.argmax(1);
  for (std::size_t i = 0; i < visible.size(); ++i) {
    filled[static_cast<std::size_t>(visible[i])] =
        best[static_cast<std::int64_t>(i)].item<std::int64_t>();
  }
  return filled;
}

std::vector<std::vector<double>> MaskedModel::log_probabilities(
    const std::vector<std::vector<std::int64_t>>& rows, Progress& progress) {
  const at::NoGradGuard no_grad;
  progress.begin("masking tokens", std::ssize(rows));
  std::vector<std::vector<double>> result;
  for (const std::vector<std::int64_t>& ids : rows) {
    const std::vector<std::int64_t> row = seen(ids);
    result.emplace_back(ids.size(), 0.0);
    for (std::size_t begin = 1; begin + 1 < row.size(); begin += kFormsPerBatch) {
      progress.check();
      const std::size_t end = std::min(row.size() - 1, begin + kFormsPerBatch);
      std::vector<std::vector<std::int64_t>> forms(end - begin, row);
      std::vector<const std::vector<std::int64_t>*> pointers;
      std::vector<std::int64_t> places, answers;
      for (std::size_t place = begin; place < end; ++place) {
        std::vector<std::int64_t>& form = forms[place - begin];
        form[place] = tokenizer_->special().mask;
        pointers.push_back(&form);
        places.push_back(static_cast<std::int64_t>((place - begin) * row.size() + place));
        answers.push_back(row[place]);
      }
      const at::Tensor all = at::log_softmax(
          logits(make_batch(pointers, tokenizer_->special().pad), at::tensor(places), false), 1);
      const at::Tensor logs =
          all.gather(1, at::tensor(answers).unsqueeze(1).to(all.device())).cpu();
      for (std::size_t place = begin; place < end; ++place) {
        result.back()[place] = logs[static_cast<std::int64_t>(place - begin)][0].item<double>();
      }
    }
    progress.advance(1);
  }
  return result;
}

StateDict MaskedModel::parameters() const {
  StateDict result;
  for (const auto& [name, tensor] : encoder_->parameters()) {
    // RobertaForMaskedLM has none.
    if (!name.starts_with("pooler.")) {
      result.add("roberta." + name, tensor);
    }
  }
  for (const auto& [name, tensor] : head_) {
    result.add("lm_head." + name, tensor);
  }
  return result;
}

void MaskedModel::save(const fs::path& folder) const {
  nlohmann::ordered_json config = nlohmann::ordered_json::parse(config_.to_json());
  config["architectures"] = {"RobertaForMaskedLM"};
  // To remove a link by its name with a slash would empty the folder that it points to.
  const fs::path target = without_trailing_slash(folder);
  FolderDraft draft(target);
  StateDict tensors = parameters().clone();
  // transformers takes the bias from here and leaves it at zero where this is missing.
  tensors.add("lm_head.decoder.bias", tensors.at("lm_head.bias"));
  write_safetensors(draft.folder() / "model.safetensors", tensors);
  write_file_atomically(draft.folder() / "config.json", config.dump(2) + "\n");
  tokenizer_->save(draft.folder());
  std::error_code ignored;
  fs::remove_all(target, ignored);
  draft.move_to(target);
}

}  // namespace ncmlab
