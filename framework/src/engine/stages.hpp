// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/materials.hpp"
#include "engine/plan.hpp"
#include "engine/promises.hpp"
#include "engine/record.hpp"
#include "engine/store.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/metrics/stealth.hpp"
#include "ncmlab/nn/victim.hpp"

namespace ncmlab {

// Each stage comes as a pair: one function does the work and writes the result into a folder,
// the other reads what such a folder holds. Work returns the rows that it ran; the engine adds
// the seconds.

/// What an attack made of a corpus.
struct Poisoning {
  PoisonedSet set;
  TriggeredSet triggered;
  std::vector<std::string> words;  ///< Backdoor::trigger_words()
  StealthMetrics stealth;          ///< of the training samples
  PoisonCounts counts;
};

/// Where a training puts its result, and where it keeps the state after the last epoch.
struct VictimFolders {
  std::filesystem::path result;
  std::filesystem::path state;
};

/// Builds and trains the surrogate of the cell's attack on the clean training set, as
/// write_victim() does it, with random streams of its own.
WorkDone write_surrogate(const Plan& plan, const Cell& cell, Materials& materials,
                         const VictimFolders& folders, Progress& progress);
Victim read_surrogate(const Plan& plan, const Cell& cell, const std::filesystem::path& folder);

/// What the attack came to, for check_effect().
AttackEffect effect_of(const AttackChoice& attack, const Poisoning& poisoning);

/// What an attack draws from. It depends on the texts of the clean training set, which no defense
/// holds whole, so that a defense cannot draw the same numbers from the seed, which is small.
Rng attack_stream(std::int64_t seed, const std::vector<Example>& clean);

/// Makes the attack ready and writes the poisoned training set (`poisoned.json` and, in
/// `changes.jsonl`, the samples that differ from the clean ones) and the test samples with the
/// trigger (`triggered.jsonl` and `triggered.json`), and how much the edits stand out
/// (`stealth.json`). `surrogate` is null where there is none. Throws Error `engine.bad-poisoning`
/// for an attack that does not keep what Backdoor promises; warns when it poisoned less than it set
/// out to.
void write_poisoned(const Plan& plan, const Cell& cell, Materials& materials, Victim* surrogate,
                    const std::filesystem::path& folder, Progress& progress);
/// Throws Error `store.*` when the folder does not fit `clean`.
Poisoning read_poisoned(const std::filesystem::path& folder, const Corpus& clean);

/// The cell's model before any training, built for the clean training split.
Victim fresh_victim(const Plan& plan, const Cell& cell, const std::vector<Example>& clean);

/// Builds a victim and trains it on `train` without the samples in `left_out`; writes the
/// checkpoint and `training.json` (loss, accuracy and validation figures by epoch; which epoch's
/// weights were kept). A training that was cut off goes on after its last finished epoch.
/// Weights, dropout and order of batches depend on task, model, seed and the number of samples
/// only, so that victims of different attacks are paired.
WorkDone write_victim(const Plan& plan, const Cell& cell, Materials& materials,
                      const std::vector<Example>& train, const std::set<std::size_t>& left_out,
                      const VictimFolders& folders, Progress& progress);
Victim read_victim(const Plan& plan, const Cell& cell, const std::filesystem::path& folder);

/// Lets the defense work on a copy of `victim`; writes `outcome.json` and, if it repaired the
/// copy, the checkpoint. Samples are given to it under ids that only number them. Throws what
/// check_outcome() throws.
WorkDone write_defense(const Plan& plan, const Cell& cell, Materials& materials,
                       const Victim& victim, const std::vector<Example>& train,
                       const std::filesystem::path& folder, Progress& progress);
DefenseOutcome read_outcome(const std::filesystem::path& folder);

/// Which model a defended cell is measured on.
enum class MeasuredVictim {
  undefended,  ///< the victim as it was trained
  repaired,    ///< the defense's copy
  retrained,   ///< one trained without the suspicious samples
};
/// A repair counts before suspicious samples: a defense that does both has acted on them itself.
MeasuredVictim measured_victim(const DefenseOutcome& outcome);

/// What a victim answers, with what it took.
struct Predictions {
  std::vector<std::int64_t> labels;  ///< of a classifier, one per sample
  at::Tensor vectors;  ///< of a similarity head, [samples, 2, hidden]: query and code, of length 1
  WorkDone work;
};

/// Throws Error `engine.bad-predictions` where an answer is not finite.
Predictions predict(Victim& victim, const std::vector<TokenSample>& samples, Progress& progress);

/// What measuring a cell starts from.
struct Measurement {
  const DefenseOutcome& outcome;
  const Victim& victim;  ///< for its tokenizer
  const Poisoning& poisoning;
  const Predictions& clean;                     ///< on the clean test set
  const std::optional<Predictions>& triggered;  ///< on Poisoning::triggered, for attacks
};

/// Fills in what is measured of a retrieval task: ranks of the clean test set and, for attacks,
/// of the candidates with the trigger.
void measure_retrieval(const Plan& plan, const Cell& cell, const Corpus& corpus,
                       const Measurement& measurement, CellRecord& record);

/// The record without key, labels and costs of other stages.
CellRecord measure(const Plan& plan, const Cell& cell, Materials& materials,
                   const Measurement& measurement);

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
