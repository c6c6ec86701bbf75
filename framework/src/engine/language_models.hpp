// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/experiment.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/language/masked_model.hpp"
#include "ncmlab/language/ngram_model.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

/// `name` and how `model` reads text: its tokenizer and rules.
std::string read_by(const CodeModel& model, const std::string& name);

/// The language models of an experiment, each made once. What is returned stays while no more than
/// three others are asked for.
class LanguageModels {
 public:
  explicit LanguageModels(const LanguageModelChoice& choice) : choice_(choice) {}

  /// Over the tokens of `model`: of the corpus that the experiment names, else of `samples`. Throws
  /// Error `language.*` and `data.*`.
  const NgramModel& ngram(const CodeModel& model, const std::vector<Example>& samples,
                          Progress& progress);
  /// The experiment's masked model, on the device of `model`. Throws Error
  /// `language.other-tokenizer` unless both read text as the same tokens, `language.*`,
  /// `checkpoint.*` and `tokenizer.*`.
  MaskedModel& masked(const CodeModel& model);

 private:
  NgramModel train(const CodeModel& model, const std::vector<Example>& samples,
                   Progress& progress) const;

  const LanguageModelChoice& choice_;
  std::list<std::pair<std::string, NgramModel>> ngrams_;  ///< the last used first
  std::optional<MaskedModel> masked_;
};

}  // namespace ncmlab
