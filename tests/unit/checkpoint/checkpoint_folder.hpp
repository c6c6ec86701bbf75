// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>

#include "ncmlab/core/files.hpp"
#include "ncmlab/networks/roberta.hpp"
#include "ncmlab/weights/state_dict.hpp"
#include "scratch_folder.hpp"

namespace ncmlab::testing {

inline RobertaConfig tiny_roberta() {
  return {.vocab_size = 20,
          .hidden_size = 8,
          .num_hidden_layers = 2,
          .num_attention_heads = 2,
          .intermediate_size = 12,
          .max_position_embeddings = 12};
}

/// A whole model: encoder below `prefix`, a head below `classifier.`, of one element type.
inline StateDict tiny_weights(const std::string& prefix, at::ScalarType type = at::kFloat) {
  StateDict result;
  const auto encoder = make_roberta(tiny_roberta(), Pooling::cls, Rng(3));
  for (const auto& [name, tensor] : encoder->parameters()) {
    result.add(prefix + name, tensor.detach().to(type));
  }
  result.add("classifier.dense.weight", torch::linspace(-1, 1, 64).reshape({8, 8}).to(type));
  result.add("classifier.dense.bias", torch::zeros({8}).to(type));
  result.add("classifier.out_proj.weight", torch::linspace(0, 2, 8).reshape({1, 8}).to(type));
  result.add("classifier.out_proj.bias", torch::ones({1}).to(type));
  return result;
}

/// Writes `folder` as a person has it: model.bin and config.json.
inline void write_tiny_model(const std::filesystem::path& folder, const std::string& prefix,
                             at::ScalarType type = at::kFloat) {
  write_torch_pickle(folder / "model.bin", tiny_weights(prefix, type));
  write_file_atomically(folder / "config.json", tiny_roberta().to_json());
}

}  // namespace ncmlab::testing
