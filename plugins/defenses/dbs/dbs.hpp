// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/plugin/trigger_inversion.hpp"
#include "soft_trigger.hpp"

namespace ncmlab {
namespace dbs {

/// Which tokens a trigger may have.
enum class Vocabulary { all, continuation, name };

constexpr auto enum_names(Vocabulary) {
  using enum Vocabulary;
  return std::to_array<EnumName<Vocabulary>>(
      {{all, "all"}, {continuation, "continuation"}, {name, "name"}});
}

/// What a verdict of backdoor goes by.
enum class Verdict { persistence, loss };

constexpr auto enum_names(Verdict) {
  return std::to_array<EnumName<Verdict>>(
      {{Verdict::persistence, "persistence"}, {Verdict::loss, "loss"}});
}

}  // namespace dbs

struct DbsConfig : TriggerInversionSettings {
  dbs::Vocabulary vocabulary = dbs::Vocabulary::all;
  std::int64_t trigger_length = 5;
  std::int64_t epochs = 100;
  double learning_rate = 0.5;
  std::int64_t halving_epochs = 50;
  double temperature = 2;
  std::int64_t check_epochs = 5;
  double barrier = 0.1;
  double noise = 10;
  std::int64_t rollbacks = 5;
  double one_hot_tolerance = 1e-3;
  dbs::Verdict verdict = dbs::Verdict::persistence;
  double verdict_persistence = 0.85;
  double verdict_loss = 1e-3;
};

/// DBS (Shen et al., ICML 2022): dynamic_bound is the schedule, soft_trigger the search,
/// TriggerInversion the rest.
class Dbs final : public TriggerInversion {
 public:
  static constexpr std::string_view
      kName = "dbs",
      kVersion = "0.1.0",
      kSummary =
          "Inverts the trigger as mixtures of tokens under a changing temperature and "
          "unlearns it.",
      kReference = "https://arxiv.org/abs/2202.05749";

  explicit Dbs(DbsConfig config);
  static Schema<DbsConfig> schema();

 private:
  /// Throws Error `defense.dbs.no-vocabulary` when the filter leaves no token.
  std::unique_ptr<SearchMethod> prepare(const DefenseContext& context) const override;
  bool is_backdoor(const Inversion& best) const override;

  DbsConfig config_;
};

}  // namespace ncmlab
