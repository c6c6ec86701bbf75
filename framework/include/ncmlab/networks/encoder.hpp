// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {

/// Rows of token ids, padded on the right to the longest row. A batch only reads its tensors.
struct Batch {
  at::Tensor ids;      ///< [rows, length] int64
  at::Tensor lengths;  ///< [rows] int64, on the CPU, each >= 1
  /// [rows, length, hidden], or undefined. Stands in for the word embeddings of `ids`, before
  /// position embeddings are added: trigger inversion differentiates through it. An encoder with
  /// a decoder that reads the same ids takes them for both.
  at::Tensor embeddings = {};
  /// [rows, length, hidden], or undefined. Stands in for the word embeddings of the decoder's own
  /// input alone (for T5 the ids shifted right, the start token first).
  at::Tensor decoder_embeddings = {};
};

/// Pads `rows` (none empty) to the longest with `pad_id`. The tensors are new, on the CPU.
Batch make_batch(const std::vector<const std::vector<std::int64_t>*>& rows, std::int64_t pad_id);

/// The number format of the matrix products of linear layers. With `bf16` their operands and
/// results are rounded to bfloat16; sums, parameters, gradients, the residual stream, norms and
/// softmax stay float32. Faster where the processor multiplies bfloat16 (AVX512-BF16), slower
/// elsewhere.
enum class Precision { fp32, bf16 };

constexpr auto enum_names(Precision) {
  return std::to_array<EnumName<Precision>>({{Precision::fp32, "fp32"}, {Precision::bf16, "bf16"}});
}

enum class Pooling { cls, mean, last_eos };

constexpr auto enum_names(Pooling) {
  using enum Pooling;
  return std::to_array<EnumName<Pooling>>({{cls, "cls"}, {mean, "mean"}, {last_eos, "last_eos"}});
}

struct EncoderShape {
  std::int64_t vocab_size = 0;
  std::int64_t hidden = 0;
  std::int64_t layers = 0;
  std::int64_t max_tokens = 0;  ///< longest row, special tokens included
  Pooling pooling = Pooling::cls;
  double dropout = 0;  ///< of its states in training, which a head of the same model takes over
};

/// A network that turns a batch of token rows into one vector per row. Not thread-safe.
class Encoder {
 public:
  virtual ~Encoder() = default;

  Precision precision() const { return precision_; }
  /// Holds for every later pass, in training and evaluation. clone() keeps it.
  void set_precision(Precision precision) { precision_ = precision; }

  /// Where the parameters are and the work is done; batches may be anywhere.
  at::Device device() const { return embedding_table().device(); }
  /// Moves the parameters: those that parameters() gave before are then copies of them. Throws
  /// Error `device.unsupported` unless the architecture knows how.
  virtual void to(at::Device device);

  virtual const EncoderShape& shape() const = 0;
  /// [vocab, hidden], the word embeddings themselves (no copy).
  virtual at::Tensor embedding_table() const = 0;
  /// [rows, hidden], storage of its own. Only what the pooled positions need is computed.
  ///
  /// While gradients are on (at::GradMode, the thread's own setting) the result can be
  /// differentiated to the parameters and to the batch's embeddings, whatever `training` says.
  /// While they are off it carries no graph, is computed by faster kernels, and differs from the
  /// other by round-off. The call changes neither mode.
  ///
  /// With `training`, dropout is on. It is drawn from LibTorch's default generators, of the CPU
  /// and, for an encoder elsewhere, of its device too; torch::manual_seed() sets them all. Without
  /// `training` nothing is drawn.
  virtual at::Tensor encode(const Batch& batch, bool training) = 0;
  /// Every layer's states: element 0 after the embeddings, each [rows, length, hidden]; padded
  /// positions hold unspecified values. Gradients and dropout as encode().
  virtual std::vector<at::Tensor> hidden_states(const Batch& batch, bool training = false) = 0;
  /// The same of the decoder; empty where there is none.
  virtual std::vector<at::Tensor> decoder_hidden_states(const Batch&, bool /*training*/ = false) {
    return {};
  }

  /// For each feed-forward network, those of a decoder last, the name of the parameter [hidden,
  /// units] that reads its units: what a unit does passes through its column. Empty where the
  /// architecture does not tell.
  virtual std::vector<std::string> feed_forward_readers() const { return {}; }
  using UnitObserver = std::function<void(std::size_t network, const at::Tensor& units)>;
  /// Hands on what the units of each of these networks give for the batch's tokens, [tokens,
  /// units], padding left out. Without dropout and gradients.
  virtual void observe_units(const Batch&, const UnitObserver&) {}

  /// The parameters themselves (no copies; they share storage with the encoder until to()), each a
  /// leaf that requires gradients, under the names of the architecture's own
  /// Hugging Face base class (for RoBERTa `embeddings.word_embeddings.weight`, ...).
  /// Change them by LibTorch's operators in place (`copy_`, `mul_`, an optimiser): an encoder keeps
  /// copies in the order of its products and makes them again when LibTorch has counted a change,
  /// which it does not for writes through `data_ptr` or `Tensor::data()`.
  virtual StateDict parameters() const = 0;
  /// `config.json` as Hugging Face's from_pretrained reads it.
  virtual std::string config_json() const = 0;
  /// A copy that shares no storage. Gradients that the parameters hold are not copied.
  virtual std::unique_ptr<Encoder> clone() const = 0;

 private:
  Precision precision_ = Precision::fp32;
};

}  // namespace ncmlab
