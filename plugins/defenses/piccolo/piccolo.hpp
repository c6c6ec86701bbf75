// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/plugin/trigger_inversion.hpp"

namespace ncmlab {

struct PiccoloConfig : TriggerInversionSettings {
  std::int64_t words = 7000;
  std::int64_t word_tokens = 7;
  std::int64_t epochs = 60;
  double learning_rate = 0.5;
  double penalty = 0.1;
  std::int64_t likely_words = 10;
  std::int64_t reference_words = 20;
  double verdict_hit_rate = 0.8;
  double verdict_discriminativity = 0.5;
};

/// PICCOLO (Liu et al., S&P 2022): word_list is what a trigger may be, soft_word the inversion, the
/// verdict here, TriggerInversion the rest.
class Piccolo final : public TriggerInversion {
 public:
  static constexpr std::string_view
      kName = "piccolo",
      kVersion = "0.1.0",
      kSummary = "Inverts the trigger as a mixture of words and unlearns the likeliest.",
      kReference = "https://doi.org/10.1109/SP46214.2022.9833579";

  explicit Piccolo(PiccoloConfig config);
  static Schema<PiccoloConfig> schema();

 private:
  /// Throws Error `defense.piccolo.no-words` when the clean samples declare no name.
  std::unique_ptr<SearchMethod> prepare(const DefenseContext& context) const override;
  bool is_backdoor(const Inversion& best) const override;

  PiccoloConfig config_;
};

}  // namespace ncmlab
