// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/model/code_model.hpp"

#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "core/durable_writes.hpp"
#include "model/distinct_rows.hpp"
#include "model/whitespace.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"

namespace ncmlab {
namespace {

constexpr const char* kWeightsFile = "model.safetensors";

/// Cuts `row` to what fits between <s>, the prefix and </s>, and puts them around it.
void frame(TokenRow& row, const SpecialIds& special, const InputRules& rules, std::int64_t limit) {
  const auto room =
      static_cast<std::size_t>(std::max<std::int64_t>(limit - rules.first_position() - 1, 0));
  const std::size_t kept = std::min(row.ids.size(), room);
  row.ids.resize(kept);
  row.ids.insert(row.ids.begin(), rules.prefix.begin(), rules.prefix.end());
  row.ids.insert(row.ids.begin(), special.bos);
  row.ids.push_back(special.eos);
  if (!row.ranges.empty()) {
    row.ranges.resize(kept);
    row.ranges.insert(row.ranges.begin(), static_cast<std::size_t>(rules.first_position()),
                      ByteRange{});
    row.ranges.emplace_back();
  }
}

/// Bytes of the original behind bytes [range.begin, range.end) of the folded text.
ByteRange original(const FoldedText& folded, const ByteRange& range) {
  if (range.begin >= range.end) {
    return {};
  }
  return {folded.origins[range.begin].begin, folded.origins[range.end - 1].end};
}

/// Fills `result` batch by batch with what `compute` returns for the rows of the chosen samples.
at::Tensor for_each_batch(const std::vector<TokenSample>& samples, std::int64_t pad_id,
                          std::int64_t width, std::int64_t max_batch_tokens, Progress& progress,
                          const std::function<at::Tensor(const Batch&)>& compute) {
  const at::NoGradGuard no_grad;
  at::Tensor result = at::empty({static_cast<std::int64_t>(samples.size()), width}, at::kFloat);
  for (const auto& chosen :
       batches_by_length(samples, max_batch_tokens, std::numeric_limits<std::int64_t>::max())) {
    progress.check();
    const at::Tensor rows = compute(make_batch(samples, chosen, pad_id));
    const std::vector<std::int64_t> places(chosen.begin(), chosen.end());
    result.index_copy_(0, at::tensor(places), rows.reshape({-1, width}).cpu());
    progress.advance(static_cast<std::int64_t>(chosen.size()));
  }
  return result;
}

}  // namespace

CodeModel::CodeModel(std::shared_ptr<const Tokenizer> tokenizer, std::unique_ptr<Encoder> encoder,
                     Head head, InputRules rules)
    : tokenizer_(std::move(tokenizer)),
      encoder_(std::move(encoder)),
      head_(std::move(head)),
      rules_(std::move(rules)) {
  const std::int64_t fewest = rules_.first_position() + 2;
  if (rules_.max_tokens < fewest || rules_.max_tokens > encoder_->shape().max_tokens) {
    throw Error("model.max-tokens", "`max_tokens` is " + std::to_string(rules_.max_tokens) +
                                        ", but the encoder takes " + std::to_string(fewest) +
                                        " to " + std::to_string(encoder_->shape().max_tokens));
  }
  for (const std::int64_t limit : rules_.part_max_tokens) {
    if (limit < fewest) {
      throw Error("model.max-tokens", "a part of the input may have " + std::to_string(limit) +
                                          " tokens, but the model needs at least " +
                                          std::to_string(fewest));
    }
  }
  if (head_.shape().hidden != encoder_->shape().hidden) {
    throw Error("model.head-width",
                "the head reads vectors of " + std::to_string(head_.shape().hidden) +
                    " numbers, but the encoder gives " + std::to_string(encoder_->shape().hidden));
  }
  if (tokenizer_->vocab_size() > encoder_->shape().vocab_size) {
    throw Error("model.vocabulary", "the tokenizer knows " +
                                        std::to_string(tokenizer_->vocab_size()) +
                                        " tokens, but the encoder embeds " +
                                        std::to_string(encoder_->shape().vocab_size));
  }
}

TokenRow CodeModel::tokenize(std::string_view source, std::size_t part) const {
  TokenRow row{.ids = tokenizer_->encode(rules_.fold_whitespace ? fold_whitespace(source)
                                                                : std::string(source)),
               .ranges = {}};
  frame(row, tokenizer_->special(), rules_, rules_.limit(part));
  return row;
}

TokenRow CodeModel::tokenize_with_ranges(std::string_view source, std::size_t part) const {
  TokenRow row;
  if (rules_.fold_whitespace) {
    const FoldedText folded = fold_whitespace_with_origins(source);
    Encoding encoding = tokenizer_->encode_with_ranges(folded.text);
    row.ids = std::move(encoding.ids);
    for (const ByteRange& range : encoding.ranges) {
      row.ranges.push_back(original(folded, range));
    }
  } else {
    Encoding encoding = tokenizer_->encode_with_ranges(source);
    row = {.ids = std::move(encoding.ids), .ranges = std::move(encoding.ranges)};
  }
  frame(row, tokenizer_->special(), rules_, rules_.limit(part));
  row.ranges.resize(row.ids.size());
  return row;
}

at::Tensor CodeModel::vectors(const Batch& batch, bool training) {
  work_.forward_rows += batch.ids.size(0);
  return encoder_->encode(batch, training);
}

at::Tensor CodeModel::logits(const Batch& batch, bool training) {
  return head_.logits(vectors(batch, training), training);
}

at::Tensor CodeModel::predict(const std::vector<TokenSample>& samples, Progress& progress,
                              std::int64_t max_batch_tokens) {
  const at::NoGradGuard no_grad;
  return head_.log_probabilities(predict_logits(samples, progress, max_batch_tokens));
}

at::Tensor CodeModel::predict_logits(const std::vector<TokenSample>& samples, Progress& progress,
                                     std::int64_t max_batch_tokens) {
  const at::NoGradGuard no_grad;
  if (head_.shape().inputs > 1) {
    const at::Tensor vectors = sentence_vectors(samples, progress, max_batch_tokens);
    const at::Tensor joined = vectors.reshape({-1, head_.shape().hidden});
    return head_.logits(joined.to(encoder_->device()), false).cpu();
  }
  return for_each_batch(samples, tokenizer_->special().pad, head_.shape().logits, max_batch_tokens,
                        progress, [this](const Batch& batch) { return logits(batch, false); });
}

at::Tensor CodeModel::sentence_vectors(const std::vector<TokenSample>& samples, Progress& progress,
                                       std::int64_t max_batch_tokens) {
  const std::int64_t hidden = head_.shape().hidden;
  const auto encode = [this](const Batch& batch) { return vectors(batch, false); };
  if (head_.shape().inputs == 1) {
    return for_each_batch(samples, tokenizer_->special().pad, hidden, max_batch_tokens, progress,
                          encode);
  }
  const at::NoGradGuard no_grad;
  const DistinctRows distinct = distinct_rows(samples);
  SampleProgress counted(progress, samples.size(), distinct.rows.size());
  const at::Tensor rows = for_each_batch(distinct.rows, tokenizer_->special().pad, hidden,
                                         max_batch_tokens, counted, encode);
  return rows.index_select(0, at::tensor(distinct.row_of_part, at::kLong))
      .reshape({-1, head_.shape().inputs * hidden});
}

StateDict CodeModel::parameters() const {
  StateDict result;
  for (const auto& [name, tensor] : encoder_->parameters()) {
    result.add("encoder." + name, tensor);
  }
  for (const auto& [name, tensor] : head_.parameters()) {
    result.add("classifier." + name, tensor);
  }
  return result;
}

CodeModel CodeModel::clone() const {
  return CodeModel(tokenizer_, encoder_->clone(), head_.clone(), rules_);
}

void CodeModel::to(at::Device device) {
  if (device != encoder_->device()) {
    encoder_->to(device);
    head_ = head_.to(device);
  }
}

void CodeModel::save(const std::filesystem::path& folder) const {
  // To remove a link by its name with a slash would empty the folder that it points to.
  const std::filesystem::path target = without_trailing_slash(folder);
  FolderDraft draft(target);
  write_safetensors(draft.folder() / kWeightsFile, parameters());
  write_file_atomically(draft.folder() / "config.json", encoder_->config_json());
  tokenizer_->save(draft.folder());
  std::error_code ignored;
  std::filesystem::remove_all(target, ignored);
  draft.move_to(target);
}

void CodeModel::load_weights(const std::filesystem::path& folder) {
  const at::NoGradGuard no_grad;
  const StateDict stored = read_safetensors(folder / kWeightsFile);
  for (const auto& [name, parameter] : parameters()) {
    const at::Tensor& tensor = stored.at(name);
    if (tensor.sizes() != parameter.sizes()) {
      throw Error("checkpoint.shape", "tensor `" + name + "` of `" + folder.string() + "` has " +
                                          std::to_string(tensor.numel()) +
                                          " numbers in another shape than the model's " +
                                          std::to_string(parameter.numel()));
    }
    parameter.copy_(tensor);
  }
}

}  // namespace ncmlab
