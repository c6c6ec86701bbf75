// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "batches.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/networks/architecture.hpp"
#include "ncmlab/networks/encoder.hpp"
#include "ncmlab/networks/head.hpp"
#include "ncmlab/weights/state_dict.hpp"
#include "shared_data.hpp"

namespace ncmlab::testing {

/// One of the recorded cases: model, batch and what Hugging Face computed for it.
struct GoldenCase {
  explicit GoldenCase(const std::string& name)
      : folder(golden_data() / "models" / name),
        description(nlohmann::json::parse(read_file(folder / "case.json"))),
        inputs(read_safetensors(folder / "inputs.safetensors")),
        expected(read_safetensors(folder / "expected.safetensors")) {}

  std::unique_ptr<Encoder> encoder() const {
    return make_encoder(config(), "config.json", pooling(), weights().encoder);
  }
  std::string config() const { return read_file(folder / "hf" / "config.json"); }
  Pooling pooling() const {
    const std::string word = description["pooling"];
    return word == "cls" ? Pooling::cls : word == "mean" ? Pooling::mean : Pooling::last_eos;
  }
  SplitWeights weights() const {
    return split_weights(architecture_of(config(), "config.json"),
                         read_torch_pickle(folder / "model.bin"));
  }
  Head head() const {
    const SplitWeights split = weights();
    if (split.head.empty()) {
      HeadShape shape = HeadShape::for_search();
      shape.hidden = encoder()->shape().hidden;
      return Head(shape, split.head);
    }
    return Head({.hidden = encoder()->shape().hidden, .dropout = 0}, split.head);
  }
  Batch batch() const {
    return {.ids = inputs.at("input_ids"),
            .lengths = torch::tensor(description["lengths"].get<std::vector<std::int64_t>>())};
  }

  bool is_search() const { return description["task"] == "code_search"; }
  /// The case's rows are all queries, then all code; a Head reads a query and its code side by
  /// side.
  at::Tensor for_head(const at::Tensor& vectors) const {
    return is_search()
               ? vectors.reshape({2, -1, vectors.size(1)}).transpose(0, 1).reshape_as(vectors)
               : vectors;
  }
  at::Tensor labels() const {
    return is_search() ? torch::arange(inputs.at("input_ids").size(0) / 2) : inputs.at("labels");
  }

  std::filesystem::path folder;
  nlohmann::json description;
  StateDict inputs, expected;
};

/// Every recorded case.
inline const char* const kGoldenCases[] = {
    "codebert_defect", "codebert_clone", "codebert_search", "unixcoder_defect", "unixcoder_search",
    "codet5_defect",   "codet5_clone",   "codet5_search",   "t5_gated_defect"};

}  // namespace ncmlab::testing
