// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ncmlab/core/files.hpp"

namespace ncmlab::testing {

/// Writes `config.json` and `model.safetensors` of a RoBERTa with one layer of width 2 whose
/// numbers are all `value`, names below `prefix`; no LibTorch needed.
inline void write_tiny_checkpoint(const std::filesystem::path& folder, const std::string& prefix,
                                  float value) {
  std::vector<std::pair<std::string, std::vector<int>>> tensors = {
      {"embeddings.word_embeddings.weight", {5, 2}},
      {"embeddings.position_embeddings.weight", {6, 2}},
      {"embeddings.token_type_embeddings.weight", {1, 2}}};
  const auto with_bias = [&](const std::string& name, std::vector<int> shape) {
    tensors.push_back({name + ".weight", shape});
    tensors.push_back({name + ".bias", {shape.front()}});
  };
  with_bias("embeddings.LayerNorm", {2});
  const std::string layer = "encoder.layer.0.";
  for (const char* name : {"query", "key", "value"}) {
    with_bias(layer + "attention.self." + name, {2, 2});
  }
  with_bias(layer + "attention.output.dense", {2, 2});
  with_bias(layer + "attention.output.LayerNorm", {2});
  with_bias(layer + "intermediate.dense", {3, 2});
  with_bias(layer + "output.dense", {2, 3});
  with_bias(layer + "output.LayerNorm", {2});
  std::string header = "{";
  std::string data;
  for (const auto& [name, shape] : tensors) {
    const std::size_t begin = data.size();
    std::size_t count = 1;
    std::string extents;
    for (const int extent : shape) {
      count *= static_cast<std::size_t>(extent);
      extents += (extents.empty() ? "" : ",") + std::to_string(extent);
    }
    for (std::size_t i = 0; i < count; ++i) {
      data.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    header += (header.size() > 1 ? ",\"" : "\"") + prefix + name + R"(":{"dtype":"F32","shape":[)" +
              extents + R"(],"data_offsets":[)" + std::to_string(begin) + "," +
              std::to_string(data.size()) + "]}";
  }
  header += "}";
  std::string length(8, '\0');
  const std::uint64_t size = header.size();
  std::memcpy(length.data(), &size, 8);
  write_file_atomically(folder / "model.safetensors", length + header + data);
  write_file_atomically(
      folder / "config.json",
      R"({"model_type":"roberta","vocab_size":5,"hidden_size":2,"num_hidden_layers":1,)"
      R"("num_attention_heads":1,"intermediate_size":3,"max_position_embeddings":6,)"
      R"("type_vocab_size":1})"
      "\n");
}

}  // namespace ncmlab::testing
