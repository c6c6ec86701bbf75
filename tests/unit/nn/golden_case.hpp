// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ncmlab/core/files.hpp"
#include "ncmlab/nn/encoder.hpp"
#include "ncmlab/nn/head.hpp"
#include "ncmlab/nn/roberta.hpp"
#include "ncmlab/nn/state_dict.hpp"
#include "shared_data.hpp"

namespace ncmlab::testing {

/// One of the recorded RoBERTa cases: model, batch and what Hugging Face computed for it.
struct GoldenCase {
  explicit GoldenCase(const std::string& name)
      : folder(golden_data() / "models" / name),
        description(nlohmann::json::parse(read_file(folder / "case.json"))),
        inputs(read_safetensors(folder / "inputs.safetensors")),
        expected(read_safetensors(folder / "expected.safetensors")) {}

  std::unique_ptr<Encoder> encoder() const {
    const auto config =
        RobertaConfig::from_json(read_file(folder / "hf" / "config.json"), "config.json");
    const auto pooling = description["pooling"] == "mean" ? Pooling::mean : Pooling::cls;
    return make_roberta(config, pooling, weights().encoder);
  }
  SplitWeights weights() const {
    return split_roberta_weights(read_torch_pickle(folder / "model.bin"));
  }
  Head head() const {
    return Head(
        {.hidden = weights().encoder.at("embeddings.word_embeddings.weight").size(1), .dropout = 0},
        weights().head);
  }
  Batch batch() const {
    return {.ids = inputs.at("input_ids"),
            .lengths = torch::tensor(description["lengths"].get<std::vector<std::int64_t>>()),
            .embeddings = {}};
  }

  std::filesystem::path folder;
  nlohmann::json description;
  StateDict inputs, expected;
};

/// The largest absolute difference.
inline double difference(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes()
             ? (a.detach().to(torch::kDouble) - b.to(torch::kDouble)).abs().max().item<double>()
             : 1e30;
}

}  // namespace ncmlab::testing
