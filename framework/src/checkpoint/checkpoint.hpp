// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/networks/architecture.hpp"
#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {

/// A checkpoint as it lies on the disk: names and element types are those of its files.
struct Checkpoint {
  std::filesystem::path source;       ///< folder or file
  std::filesystem::path config_file;  ///< `config.json`; empty if there is none
  std::string config;                 ///< its text
  /// By the model type of the config; without a config by the names of the tensors, null if they do
  /// not tell.
  const Architecture* architecture = nullptr;
  StateDict weights;
};

/// Reads the weights of a folder or file and the `config.json` in the folder or beside the file;
/// `config_file`, if not empty, is taken instead. Throws Error `checkpoint.*` or `io.*`.
Checkpoint read_checkpoint(const std::filesystem::path& source,
                           const std::filesystem::path& config_file = {});

/// What a tensor is to the model.
enum class TensorRole { encoder, head, copy, derived, other };

constexpr auto enum_names(TensorRole) {
  using enum TensorRole;
  return std::to_array<EnumName<TensorRole>>({{encoder, "encoder"},
                                              {head, "head"},
                                              {copy, "copy"},
                                              {derived, "derived"},
                                              {other, "other"}});
}

struct NamedTensor {
  std::string stored_name;  ///< in the file
  std::string name;         ///< with any prefix exchanged: `encoder...`, `classifier...`
  TensorRole role = TensorRole::other;
  at::Tensor tensor;
};

/// The tensors in the order of the file. `copy`: bit-identical to the tensor that it is tied to;
/// `derived`: follows from the config. Without an architecture all are `other`.
std::vector<NamedTensor> name_tensors(const Checkpoint& checkpoint);

/// Same element type, shape and bits (NaN included).
bool bit_identical(const at::Tensor& a, const at::Tensor& b);

}  // namespace ncmlab
