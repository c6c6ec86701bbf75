// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/stage_kind.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/metrics/classification.hpp"
#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"

namespace ncmlab {

/// Lets a defense of stage model or data work on a copy of the victim; leaves `outcome.json` and,
/// if it repaired the copy, the checkpoint. Samples are given to it under ids that only number
/// them. Comes out as to_string() of measured_victim(). Throws what check_outcome() throws.
extern const StageKind kDefendStage;

/// What a defense found, beside the ground truth.
struct JudgedOutcome {
  bool repaired = false;
  std::optional<std::vector<std::size_t>> flagged;  ///< ascending; none of stage model
  std::vector<double> scores;                       ///< of the training samples, or empty
  std::vector<InvertedTrigger> triggers;
  std::optional<bool> backdoored;
  std::map<std::string, double> figures;
  std::optional<RecoveryMetrics> recovery;  ///< of the first trigger, of attacks with words
};
JudgedOutcome read_outcome(const std::filesystem::path& folder);

/// Which model a defended cell is measured on.
MeasuredVictim measured_victim(const JudgedOutcome& outcome);

/// What a stage at which the subject's defense works has in its key, and the poisoned training set
/// that it needs.
StageDraft defense_draft(Planner& planner, std::string_view kind, const Subject& subject);

/// The clean samples that the subject's defense is given: of stage input half of them, since the
/// threshold of a filter is set on what its fitting has not seen.
const std::vector<Example>& known_samples(Workshop& workshop, const Subject& subject);

/// What a defense of the subject is given, with `victim` as its own.
DefenseContext defense_context(const StageWork& work, CodeModel& victim, Progress& progress);

/// What a defense may say to the engine's Progress; behind it, the stage's title names the attack.
class DefenseProgress final : public QuietProgress {
 public:
  using QuietProgress::QuietProgress;
  void begin(std::string_view what, std::int64_t total) override;
  void advance(std::int64_t steps, std::string_view detail) override;
  void log(std::string_view line) override;
};

/// Precision and recall of the first inverted trigger against the words that the
/// attack puts into code. Compared are tokens, as multisets, without the blanks and underscores
/// at their ends, since where a word begins and what joins it to a name are the place's affair:
/// `Ġrb`, `_rb` and `rb` are one token, `_` alone is none. A word may be spelled at the start of
/// a name, after a blank or after an underscore; of the spellings, of alternative words and of
/// all words together, the one with the best F1 counts. Nothing where there is no trigger or no
/// word.
std::optional<RecoveryMetrics> recovery(const std::vector<InvertedTrigger>& triggers,
                                        const std::vector<std::string>& words,
                                        const Tokenizer& tokenizer);

}  // namespace ncmlab
