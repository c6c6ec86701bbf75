// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ncmlab/networks/encoder.hpp"
#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {

/// What ncmlab knows of the networks of one `model_type` of `config.json`: one row of a table.
struct Architecture {
  std::string_view model_type;  ///< `roberta`
  std::string_view base_class;  ///< whose names Encoder::parameters() uses: `RobertaModel`
  /// Name of the word embeddings; whatever stands before it in a checkpoint is a wrapping prefix.
  std::string_view anchor;
  /// How the names of the encoder's tensors begin, without the prefix.
  std::span<const std::string_view> parts;
  /// Tensors that checkpoints may hold and that follow from the config (`embeddings.position_ids`).
  std::span<const std::string_view> derived;
  /// Tensors that may occur again under another name: the copy, then the one that counts.
  std::span<const std::pair<std::string_view, std::string_view>> tied;
  /// Tensors of the base class that no result depends on and that checkpoints may lack: square
  /// matrices of the hidden width, and biases.
  std::span<const std::string_view> unused;
  Pooling pooling;  ///< how a row becomes a sentence vector where nothing else is said
  /// The network of a config, with the weights given. Throws Error `checkpoint.*`.
  std::unique_ptr<Encoder> (*make)(std::string_view config, std::string_view origin,
                                   Pooling pooling, const StateDict& weights);
};

/// Every architecture, in the order of the table.
std::span<const Architecture> architectures();

/// The architecture that `config` (the text of a `config.json`) names by `model_type`; `origin`
/// names the file in errors. Throws Error `checkpoint.bad-config`, with the known types.
const Architecture& architecture_of(std::string_view config, std::string_view origin);

/// The encoder of a `config.json` with the encoder's tensors of split_weights(). Missing,
/// misshapen and unknown tensors are all reported, with their shapes. Tensors are converted to
/// float32.
std::unique_ptr<Encoder> make_encoder(std::string_view config, std::string_view origin,
                                      Pooling pooling, const StateDict& weights);

/// What a wrapped checkpoint holds.
struct SplitWeights {
  StateDict encoder;  ///< under the names of the architecture's base class
  StateDict head;     ///< `dense.weight`, `out_proj.weight`, ...; empty for a bare encoder
  StateDict others;   ///< what belongs to neither, under the full names
};

/// Finds the encoder below any wrapping prefix (`encoder.`, `roberta.`, `module.`, or several) by
/// the architecture's anchor, and the head below the last `classifier.`. Throws Error
/// `checkpoint.no-encoder`.
SplitWeights split_weights(const Architecture& architecture, const StateDict& weights);

}  // namespace ncmlab
