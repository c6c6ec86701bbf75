// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/plugin/task.hpp"
#include "ncmlab/plugin/trigger_edit.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"

namespace ncmlab::piccolo {

struct Word {
  std::string text;
  TriggerIds ids;  ///< as they stand where the words enter code
};

struct WordListOptions {
  std::int64_t word_tokens = 7;        ///< words of more tokens are left out
  std::int64_t words = 7000;           ///< at most; those that the most samples hold
  NameEdit change = NameEdit::extend;  ///< words that replace a name stand behind a blank
};

/// The identifiers that the functions of `examples` declare and the sub-words that they are made
/// of, each once: those that the most samples hold first, of equals in byte order.
std::vector<Word> word_list(const Tokenizer& tokenizer, const TaskView& task,
                            const std::vector<Example>& examples, const WordListOptions& options,
                            Progress& progress);

}  // namespace ncmlab::piccolo
