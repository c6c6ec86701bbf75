// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/materials.hpp"
#include "engine/record.hpp"
#include "engine/stage_kind.hpp"
#include "ncmlab/metrics/stealth.hpp"

namespace ncmlab {

/// Makes the attack ready, edits and relabels training samples, and puts triggers into test
/// samples. Of an attack with a surrogate it needs that. Throws Error `engine.bad-poisoning` for an
/// attack that does not keep what Backdoor promises; warns when it poisoned less than it set out
/// to.
extern const StageKind kPoisonStage;

/// What an attack made of a corpus.
struct Poisoning {
  PoisonedSet set;
  TriggeredSet triggered;
  std::vector<std::string> words;  ///< Backdoor::trigger_words()
  StealthMetrics stealth;          ///< of the training samples
  PoisonCounts counts;
};
/// Throws Error `store.*` when the folder does not fit `clean`.
Poisoning read_poisoned(const std::filesystem::path& folder, const Corpus& clean);

/// What an attack draws from. It depends on the texts of the clean training set, which no defense
/// holds whole, so that a defense cannot draw the same numbers from the seed, which is small.
Rng attack_stream(std::int64_t seed, const std::vector<Example>& clean);

}  // namespace ncmlab
