// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ncmlab/tokenize/tokenizer.hpp"
#include "tokenize/piece_cache.hpp"
#include "tokenize/tokenizer_spec.hpp"

namespace ncmlab::bpe {

/// What one call of encode() works with; calls at the same time have one each.
struct Workspace {
  PieceCache cache;
  std::vector<Symbol> symbols;
  std::string prefixed;
};

/// Hands out workspaces and keeps those that come back. Safe to share between threads.
class WorkspacePool {
 public:
  std::unique_ptr<Workspace> take();
  void give_back(std::unique_ptr<Workspace> workspace);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> free_;
};

/// A tokenizer ready to encode. Immutable but for its caches.
class Engine {
 public:
  explicit Engine(TokenizerSpec spec);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Appends to `ids` and, unless it is null, to `ranges`.
  void encode(std::string_view text, std::vector<std::int64_t>& ids,
              std::vector<ByteRange>* ranges) const;

  const BpeModel& model() const { return model_; }
  const std::vector<AddedToken>& added_tokens() const { return added_tokens_; }
  const std::vector<NormalizerStep>& normalizer() const { return normalizer_; }
  bool add_prefix_space() const { return add_prefix_space_; }
  bool split_words() const { return split_words_; }
  const SpecialNames& names() const { return names_; }
  const SpecialIds& special() const { return special_; }

  std::int64_t id_limit() const { return id_limit_; }
  std::optional<std::int64_t> find(std::string_view token) const;
  /// Null for a hole and for an id outside the vocabulary.
  const std::string* token(std::int64_t id) const;
  /// Null unless an added token has the id.
  const AddedToken* added_token(std::int64_t id) const;

 private:
  friend class EncodeCall;
  std::vector<AddedTokenFinder::Pattern> patterns(bool normalized) const;

  BpeModel model_;
  std::vector<NormalizerStep> normalizer_;
  bool add_prefix_space_;
  bool split_words_;
  std::vector<AddedToken> added_tokens_;
  std::unordered_map<std::int64_t, const AddedToken*> added_by_id_;
  SpecialNames names_;
  SpecialIds special_;
  std::int64_t id_limit_;
  AddedTokenFinder raw_finder_;
  AddedTokenFinder normalized_finder_;
  mutable WorkspacePool pool_;
};

/// The text of a `tokenizer.json` from which an equal engine can be read.
std::string tokenizer_json_text(const Engine& engine);
/// The text of the `tokenizer_config.json` that belongs to it: without one, transformers'
/// AutoTokenizer overrides the `add_prefix_space` of `tokenizer.json` with its class's default.
std::string tokenizer_config_text(const Engine& engine);
/// Writes `tokenizer.json`, `vocab.json`, `merges.txt`, `tokenizer_config.json` and, if some
/// added token is not in the vocabulary, `added_tokens.json`.
void write_folder(const Engine& engine, const std::filesystem::path& folder);

/// Trains byte-level BPE; see Tokenizer::train().
TokenizerSpec train_bpe(const std::vector<std::string_view>& texts,
                        const BpeTrainingOptions& options);

}  // namespace ncmlab::bpe
