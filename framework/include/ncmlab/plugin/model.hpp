// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/plugin.hpp"

namespace ncmlab {

/// What the host gives a model plugin to build from.
struct ModelContext {
  InputRules rules;  ///< of the task
  HeadShape head;    ///< of the task; `hidden` is filled in by the model
  /// Clean training sources, for models that train their own tokenizer; valid during the call.
  std::vector<std::string_view> texts;
  Rng rng;
};

/// Builds networks: from a size preset with random weights, or from a checkpoint folder.
class Model : public Plugin {
 public:
  ~Model() override;

  /// A fresh model, on the CPU, whose weights are finite and nobody else's. Same settings, texts
  /// and seed: same tokenizer and weights. Draws from `context.rng` alone.
  virtual CodeModel build(const ModelContext& context) const = 0;
  /// The model that CodeModel::save() wrote to `folder`. `context.texts` may be empty.
  virtual CodeModel open(const std::filesystem::path& folder,
                         const ModelContext& context) const = 0;
  /// Whether build() starts from trained weights, not from random ones.
  virtual bool starts_from_checkpoint() const { return false; }
  /// Throws what build() would throw for the files that it reads, at less cost; trains no tokenizer
  /// and computes nothing. Returns sentences about what build() would silently make do with.
  /// `context.texts` is empty. By default nothing, after data_fingerprint() has thrown for what is
  /// missing.
  virtual std::vector<std::string> check(const ModelContext& context) const;
  /// Changes whenever a file that build() reads changes; empty when it reads none.
  virtual std::string data_fingerprint() const = 0;
};

}  // namespace ncmlab
