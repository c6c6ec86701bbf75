// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/defense_requirements.hpp"

#include <string>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

void require(bool is_given, std::string_view defense, const char* code, const char* what,
             const char* how) {
  if (!is_given) {
    throw Error(code, "`" + std::string(defense) + "` was given no " + what, {how});
  }
}

}  // namespace

void require_clean_samples(const DefenseContext& context, std::string_view defense) {
  require(!context.clean_samples.empty(), defense, "defense.no-clean-samples", "clean samples",
          "raise `clean_share` of the experiment");
}

void require_ngram_model(const DefenseContext& context, std::string_view defense) {
  require(context.ngram_model != nullptr, defense, "defense.no-ngram-model", "n-gram model",
          "raise `clean_share` of the experiment, or name a `corpus` in `[language_model]`");
}

void require_masked_model(const DefenseContext& context, std::string_view defense) {
  require(context.masked_model != nullptr, defense, "defense.no-masked-model",
          "masked language model", "write `[language_model]` with `masked = \"FOLDER\"`");
}

void require_starting_model(const DefenseContext& context, std::string_view defense) {
  require(context.starting_model != nullptr, defense, "defense.no-starting-model",
          "model that the victim was trained from",
          "name a `checkpoint` in the `[[model]]` table: a victim that starts from random weights "
          "has none");
}

}  // namespace ncmlab
