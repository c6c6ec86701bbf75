// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/plugin/trigger_inversion.hpp"
#include "ncmlab/tokenize/name_vocabulary.hpp"

namespace ncmlab {
namespace elibadcode {

/// How candidates are evaluated.
enum class Scoring { fast, reference };

constexpr auto enum_names(Scoring) {
  return std::to_array<EnumName<Scoring>>(
      {{Scoring::fast, "fast"}, {Scoring::reference, "reference"}});
}

}  // namespace elibadcode

struct EliBadCodeConfig : TriggerInversionSettings {
  NameUse vocabulary = NameUse::continues_name;
  bool proper_spelling = true;
  std::int64_t trigger_length = 5;
  std::int64_t epochs = 100;
  std::int64_t top_k = 64;
  std::int64_t candidates = 64;
  std::int64_t restarts = 1;
  double stop_loss = 0.0;
  elibadcode::Scoring scoring = elibadcode::Scoring::fast;
  double beta = 0.15;
  double verdict_persistence = 0.85;
};

/// EliBadCode (Sun et al., FSE 2025). Its stages, in the order in which they run: for each pair of
/// labels and each edit trigger_position, trigger_alphabet and greedy_coordinate_gradient; then
/// anchoring; the verdict, here; trigger_unlearning. Those that stand in no file of the plugin are
/// the framework's, where TriggerInversion calls them.
class EliBadCode final : public TriggerInversion {
 public:
  static constexpr std::string_view
      kName = "elibadcode",
      kVersion = "0.1.0",
      kSummary = "Inverts the trigger by greedy coordinate gradient and unlearns it.",
      kReference = "https://arxiv.org/abs/2408.04683";

  explicit EliBadCode(EliBadCodeConfig config);
  static Schema<EliBadCodeConfig> schema();

 private:
  /// Throws Error `defense.elibadcode.no-vocabulary` when the filter leaves no token.
  std::unique_ptr<SearchMethod> prepare(const DefenseContext& context) const override;
  bool is_backdoor(const Inversion& best) const override;

  EliBadCodeConfig config_;
};

}  // namespace ncmlab
