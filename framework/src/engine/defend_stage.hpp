// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/stage_kind.hpp"
#include "ncmlab/metrics/classification.hpp"
#include "ncmlab/plugin/defense.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"

namespace ncmlab {

/// Lets the defense work on a copy of the victim; leaves `outcome.json` and, if it repaired the
/// copy, the checkpoint. Samples are given to it under ids that only number them. Comes out as
/// to_string() of measured_victim(). Throws what check_outcome() throws.
extern const StageKind kDefendStage;

/// A defense's outcome beside the ground truth.
struct JudgedOutcome {
  DefenseOutcome outcome;
  std::optional<RecoveryMetrics> recovery;  ///< of the first trigger, of attacks with words
};
JudgedOutcome read_outcome(const std::filesystem::path& folder);

/// Which model a defended cell is measured on. A repair counts before suspicious samples: a defense
/// that does both has acted on them itself.
MeasuredVictim measured_victim(const DefenseOutcome& outcome);

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
