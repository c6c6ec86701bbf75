// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ncmlab {

/// Named tensors in the order of their file or of their construction. Holds handles: add(), at(),
/// below() and copies of a StateDict share the tensors' storage; clone() does not.
class StateDict {
 public:
  using Item = std::pair<std::string, at::Tensor>;

  /// Precondition: `name` is not there yet.
  void add(std::string name, at::Tensor tensor);
  const at::Tensor* find(std::string_view name) const;
  /// Throws Error `checkpoint.missing-tensor`.
  const at::Tensor& at(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name) != nullptr; }

  /// The entries whose names start with `prefix`, without it.
  StateDict below(std::string_view prefix) const;
  /// Copies that share no storage, without gradients and graphs.
  StateDict clone() const;

  std::vector<Item>::const_iterator begin() const { return items_.begin(); }
  std::vector<Item>::const_iterator end() const { return items_.end(); }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }

 private:
  std::vector<Item> items_;
};

/// Reads safetensors. Header, offsets and shapes are checked against the file's size before
/// memory is reserved; every byte must belong to one tensor. Throws Error `checkpoint.*` with the
/// file and the tensor.
StateDict read_safetensors(const std::filesystem::path& file);
/// Writes safetensors (contiguous, on the CPU), atomically.
void write_safetensors(const std::filesystem::path& file, const StateDict& tensors);

/// Reads a `pytorch_model.bin` (zip with a pickle). The pickle is interpreted, not executed:
/// it may build dictionaries of tensors and nothing else; anything else is refused by name.
/// Where a tensor once lived (`cuda:0`) is ignored.
StateDict read_torch_pickle(const std::filesystem::path& file);

/// Writes a dictionary of tensors as torch.save does; torch.load reads it with
/// `weights_only=True`.
void write_torch_pickle(const std::filesystem::path& file, const StateDict& tensors);

/// Reads the first of `model.safetensors`, `model.safetensors.index.json` (with its shards),
/// `pytorch_model.bin`, `pytorch_model.bin.index.json` and `model.bin` in a folder, or the file.
/// Beside weights without a head, a folder may hold one in `classifier.safetensors`; its tensors
/// follow under `classifier.`. Throws Error `checkpoint.*`.
StateDict read_weights(const std::filesystem::path& folder_or_file);

}  // namespace ncmlab
