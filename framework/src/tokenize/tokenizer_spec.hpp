// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tokenize/added_tokens.hpp"
#include "tokenize/bpe_model.hpp"
#include "tokenize/normalizer.hpp"

namespace ncmlab::bpe {

/// How the tokens with a meaning of their own are spelled; RoBERTa's unless a file says otherwise.
struct SpecialNames {
  std::string bos = "<s>", eos = "</s>", pad = "<pad>", unk = "<unk>", mask = "<mask>";
};

/// All that decides a tokenizer's ids, as the readers and the trainer deliver it.
struct TokenizerSpec {
  Vocabulary vocabulary;
  std::vector<Merge> merges;
  BpeOptions options;
  std::vector<NormalizerStep> normalizer;
  bool add_prefix_space = false;
  bool split_words = true;  ///< false: a text without added tokens is one piece
  std::vector<AddedToken> added_tokens;
  SpecialNames names;
};

/// Reads a `tokenizer.json` that holds byte-level BPE. Truncation, padding and post-processing
/// are not looked at: they do not change the ids of a text. Throws Error `tokenizer.*`.
TokenizerSpec read_tokenizer_json(const std::filesystem::path& file);

/// Reads `tokenizer.json`, or else `vocab.json` and `merges.txt`, with the small files beside it.
TokenizerSpec read_folder(const std::filesystem::path& folder);

/// The id of an added token's content: the vocabulary's, that of an equal token before, or else
/// the next free one.
std::int64_t id_for_added(const TokenizerSpec& spec, const std::string& content);

}  // namespace ncmlab::bpe
