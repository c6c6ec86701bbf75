// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/checkpoint.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cstring>

#include "ncmlab/core/files.hpp"
#include "networks/tied_weights.hpp"
#include "weights/foreign_elements.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

/// The first of the table whose anchor ends a tensor's name, or null. Tied tensors may be stored
/// without the anchor: then only a config tells.
const Architecture* guess_architecture(const StateDict& weights) {
  for (const Architecture& architecture : architectures()) {
    const bool found = std::ranges::any_of(weights, [&](const StateDict::Item& item) {
      return item.first.ends_with(architecture.anchor);
    });
    if (found) {
      return &architecture;
    }
  }
  return nullptr;
}

/// Role and name of an encoder's tensor that is stored under `name`.
void place(const Architecture& architecture, const StateDict& encoder, const std::string& name,
           NamedTensor& named) {
  named.role = TensorRole::encoder;
  named.name = "encoder." + name;
  if (std::ranges::find(architecture.derived, name) != architecture.derived.end()) {
    named.role = TensorRole::derived;
  }
  for (const auto& [copy, original] : architecture.tied) {
    const std::string_view counts = stored_name(architecture, original, encoder);
    if (name == copy && name == counts) {
      named.name = "encoder." + std::string(original);
    } else if (name == copy && !counts.empty() && bit_identical(encoder.at(counts), named.tensor)) {
      named.role = TensorRole::copy;
    }
  }
}

}  // namespace

Checkpoint read_checkpoint(const fs::path& source, const fs::path& config_file) {
  Checkpoint result{
      .source = source, .config_file = config_file, .config = {}, .weights = read_weights(source)};
  if (config_file.empty()) {
    const fs::path folder = fs::is_directory(source) ? source : source.parent_path();
    if (fs::exists(folder / "config.json")) {
      result.config_file = folder / "config.json";
    }
  }
  if (!result.config_file.empty()) {
    result.config = read_file(result.config_file);
    result.architecture = &architecture_of(result.config, result.config_file.string());
  } else {
    result.architecture = guess_architecture(result.weights);
  }
  return result;
}

std::vector<NamedTensor> name_tensors(const Checkpoint& checkpoint) {
  std::vector<NamedTensor> result;
  SplitWeights split;
  if (checkpoint.architecture != nullptr) {
    split = split_weights(*checkpoint.architecture, checkpoint.weights);
  }
  // split_weights() keeps the order within each part, so each part is walked once.
  auto encoder = split.encoder.begin();
  auto head = split.head.begin();
  auto other = split.others.begin();
  for (const auto& [stored, tensor] : checkpoint.weights) {
    NamedTensor named{.stored_name = stored, .name = stored, .tensor = tensor};
    if (other != split.others.end() && other->first == stored) {
      ++other;
    } else if (head != split.head.end() && head->second.is_same(tensor) &&
               stored.ends_with("classifier." + head->first)) {
      named.name = "classifier." + (head++)->first;
      named.role = TensorRole::head;
    } else if (encoder != split.encoder.end() && encoder->second.is_same(tensor) &&
               stored.ends_with(encoder->first)) {
      place(*checkpoint.architecture, split.encoder, (encoder++)->first, named);
    }
    result.push_back(std::move(named));
  }
  return result;
}

bool bit_identical(const at::Tensor& a, const at::Tensor& b) {
  const ForeignElements* first = foreign_elements(a);
  const ForeignElements* second = foreign_elements(b);
  if (first != nullptr && second != nullptr) {
    return first->type == second->type && first->shape == second->shape &&
           bit_identical(first->bytes.reshape({-1}), second->bytes.reshape({-1}));
  }
  if (first != nullptr || second != nullptr) {
    return false;
  }
  if (a.scalar_type() != b.scalar_type() || a.sizes() != b.sizes()) {
    return false;
  }
  const at::Tensor x = a.detach().contiguous();
  const at::Tensor y = b.detach().contiguous();
  return x.nbytes() == 0 || std::memcmp(x.data_ptr(), y.data_ptr(), x.nbytes()) == 0;
}

}  // namespace ncmlab
