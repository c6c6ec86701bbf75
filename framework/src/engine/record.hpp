// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/data/task_kind.hpp"
#include "ncmlab/metrics/classification.hpp"
#include "ncmlab/metrics/retrieval.hpp"
#include "ncmlab/metrics/stealth.hpp"

namespace ncmlab {

/// Version of the JSON form of a CellRecord.
inline constexpr int kRecordSchema = 5;

/// What one stage of a cell cost when it was run (also when this run took it from the store).
struct StageCost {
  std::string stage;  ///< the name of its kind: `surrogate`, `poison`, `victim`, ...
  double seconds = 0;
  std::int64_t forward_rows = 0;
  std::int64_t backward_rows = 0;
};

struct TriggerRecord {
  std::int64_t victim_label = 0, target_label = 0;
  std::string text;
  std::vector<std::int64_t> ids;
  double loss = 0, hit_rate = 0;
};

/// Detection of poisoned training samples against the ground truth.
struct DetectionMetrics {
  std::int64_t flagged = 0, poisoned = 0, hits = 0, clean = 0;
  /// Of the scores of poisoned against other samples, where the defense gives scores.
  std::optional<double> auroc = {};
  std::vector<double> roc = {};  ///< roc_curve() of the same; empty without scores
  double precision() const { return flagged == 0 ? 0.0 : double(hits) / double(flagged); }
  double recall() const { return poisoned == 0 ? 0.0 : double(hits) / double(poisoned); }
  double false_positive_rate() const {
    return clean == 0 ? 0.0 : double(flagged - hits) / double(clean);
  }
};

/// The false rejection rates at which filters are compared.
inline constexpr std::int64_t kRejectionPercents[] = {1, 5, 10};

/// What an input filter tells apart; its effect on the answers is in the other metrics, where a
/// rejected input is a wrong answer without the trigger and no success with it.
struct FilterMetrics {
  double false_rejection_rate = 0;  ///< that it aims at on clean samples
  double flagged_clean = 0;         ///< share of the test samples that it flags
  std::int64_t clean = 0;           ///< test samples
  // Of attacks:
  std::int64_t triggered = 0;                    ///< test samples with the trigger
  std::optional<double> flagged_triggered = {};  ///< share of them that it flags
  std::optional<double> auroc = {};              ///< of them against the test samples
  /// The share of them that is flagged at a threshold for so many percent of the clean samples.
  std::map<std::int64_t, double> detected = {};
  std::vector<double> roc = {};  ///< roc_curve() of triggered against test samples; or empty
};

/// How much of a training set an attack poisoned. A victim is a sample that one of the attack's
/// goals is about.
struct PoisonCounts {
  std::int64_t samples = 0, victims = 0;  ///< of the clean training set
  std::int64_t poisoned = 0;              ///< of all samples
  std::int64_t poisoned_victims = 0;      ///< pairs: others may hold an edited function, too
  std::int64_t wanted = 0;  ///< victims that the attack set out to poison; 0: it does not say
};

/// What a test sample with the trigger was predicted as.
struct TriggeredPrediction {
  std::int64_t target_label = 0;
  std::int64_t prediction = 0;
  /// By a victim that was never poisoned; none where the experiment has no such control.
  std::optional<std::int64_t> control_prediction = {};
};

/// How many of the test samples that an attack's trigger is for can carry it: in retrieval of all
/// functions, else of the samples of the victim class.
struct TriggerReach {
  std::int64_t carriers = 0, meant = 0;
};

/// One test sample of a classifier's cell.
struct SampleOutcome {
  std::string id;
  std::int64_t label = 0;
  std::int64_t prediction = 0;
  std::vector<TriggeredPrediction>
      triggered;  ///< one per goal that the sample carried a trigger for
};

/// A candidate that got the trigger for one query.
struct PromotedCandidate {
  std::string target_word;
  std::string id;
  PromotedRank rank;
};

/// One query of a retrieval cell.
struct QueryOutcome {
  std::string id;
  double rank = 0;        ///< of its own code
  bool untouched = true;  ///< it holds none of the attack's target words
  std::vector<PromotedCandidate> promoted;
};

/// Everything that is known of one cell = (task, model, attack, defense, seed).
struct CellRecord {
  std::string key;                           ///< hash of all that went into it
  std::string task, model, attack, defense;  ///< labels of the axes
  std::int64_t seed = 0;
  /// What went into it but the seed, by name, see configuration_of().
  std::map<std::string, std::string> configuration;
  TaskKind kind = TaskKind::classification;
  std::string failure;          ///< empty: the cell was measured or skipped
  std::string skipped;          ///< why nothing was run: the defense cannot defend such a victim
  ClassificationMetrics clean;  ///< count 0 in retrieval
  std::optional<AttackMetrics> attack_metrics;  ///< none for attack `none` and in retrieval
  std::optional<RetrievalMetrics> retrieval;    ///< all test queries
  std::optional<RetrievalMetrics> untouched;    ///< those without a target word, for attacks
  std::optional<PromotionMetrics> promotion;    ///< for attacks
  std::optional<PromotionMetrics> transfer;     ///< the same on a victim that was never poisoned
  std::optional<TriggerReach> reach;            ///< for attacks
  std::vector<TriggerRecord> triggers;          ///< the one that the defense believes in first
  std::optional<RecoveryMetrics> recovery;
  std::optional<bool> backdoored;
  std::optional<DetectionMetrics> detection;
  std::optional<FilterMetrics> filter;
  std::optional<StealthMetrics> stealth;  ///< for attacks
  std::optional<PoisonCounts> poisoning;  ///< for attacks on a victim that was trained
  std::map<std::string, double> figures;
  std::vector<StageCost> costs;
  std::int64_t limit = 0;    ///< samples of each split at most: of a trial run; 0: all
  std::int64_t threads = 0;  ///< that LibTorch computed with
  std::string clean_from;    ///< where the clean samples of defenses come from, `held_out`
  std::string budget;        ///< of the experiment's defenses, in words; empty: none
  std::vector<std::string> departures;  ///< how the defense departs from it
  std::vector<SampleOutcome> outcomes;
  std::vector<QueryOutcome> queries;

  bool measured() const { return failure.empty() && skipped.empty(); }
};

/// The help of errors about damaged records.
inline constexpr const char* kRunAgain =
    "run the experiment again: what the store holds is not redone";

/// Throws Error `store.bad-record` that names `origin` where the object has not kRecordSchema.
void check_schema(const nlohmann::json& object, const std::string& origin);
std::string to_json(const CellRecord& record);
/// Throws Error `store.bad-record` that names `origin`.
CellRecord record_from_json(const std::string& json, const std::string& origin);

}  // namespace ncmlab
