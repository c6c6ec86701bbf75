// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab {

/// Ids of a text and the bytes of the text that each id stands for.
struct Encoding {
  std::vector<std::int64_t> ids;
  /// One range per id, in bytes of the text given to encode(). The blank that add_prefix_space
  /// puts before the text has no bytes: a token that holds nothing else has an empty range.
  std::vector<ByteRange> ranges;
};

/// Ids of the tokens with a meaning of their own; -1 where the vocabulary has none.
struct SpecialIds {
  std::int64_t bos = -1, eos = -1, pad = -1, unk = -1, mask = -1;
};

struct BpeTrainingOptions {
  std::int64_t vocab_size = 2000;  ///< special tokens and the 256 bytes included
  std::int64_t min_frequency = 2;
  bool add_prefix_space = false;
  std::vector<std::string> special_tokens = {};  ///< more of them, after <unk>, in this order
};

/// A byte-level BPE tokenizer (RoBERTa, CodeT5, UniXcoder). Immutable; safe to share between
/// threads. Ids are those of Hugging Face's tokenizers for the same files; a file's truncation,
/// padding and post-processing are not applied. Texts need not be UTF-8: other bytes are encoded
/// as they are.
class Tokenizer {
 public:
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  /// Reads `tokenizer.json`, or else `vocab.json` and `merges.txt` (with
  /// `special_tokens_map.json`, `added_tokens.json` and `tokenizer_config.json` if there), from a
  /// folder. Throws Error `tokenizer.*` that names the file, the place and what was expected.
  static Tokenizer from_folder(const std::filesystem::path& folder,
                               std::optional<bool> add_prefix_space = std::nullopt);
  /// Reads one `tokenizer.json`.
  static Tokenizer from_file(const std::filesystem::path& file,
                             std::optional<bool> add_prefix_space = std::nullopt);
  /// Trains byte-level BPE with RoBERTa's special tokens (<s> 0, <pad> 1, </s> 2, <unk> 3,
  /// <mask> last). Deterministic: ties go to the pair that comes first in byte order. Throws Error
  /// `tokenizer.bad-option` for a vocabulary without room for special tokens and bytes (261) or a
  /// frequency below 1.
  static Tokenizer train(const std::vector<std::string_view>& texts,
                         const BpeTrainingOptions& options);

  /// Ids without special tokens around them; special tokens inside the text are recognised.
  std::vector<std::int64_t> encode(std::string_view text) const;
  Encoding encode_with_ranges(std::string_view text) const;
  /// The bytes of the ids, special tokens included unless `skip_special`. Undoes encode() but for
  /// normalisation, the prefix blank and white space that a special token takes in. Throws Error
  /// `tokenizer.unknown-id` for an id outside [0, vocab_size()).
  std::string decode(const std::vector<std::int64_t>& ids, bool skip_special = false) const;

  /// One more than the largest id.
  std::int64_t vocab_size() const;
  const SpecialIds& special() const;
  bool is_special(std::int64_t id) const;
  /// The token as the vocabulary spells it (bytes mapped to printable characters, a leading
  /// blank as U+0120); empty for an id that no token has. Throws Error `tokenizer.unknown-id`.
  const std::string& token(std::int64_t id) const;
  std::optional<std::int64_t> id_of(std::string_view token) const;

  /// Writes `tokenizer.json`, `vocab.json`, `merges.txt` and `tokenizer_config.json` so that
  /// from_folder() and Hugging Face's tokenizers give the same ids. Lower-casing and the like are
  /// in `tokenizer.json` alone: the other two cannot express them.
  void save(const std::filesystem::path& folder) const;
  /// Changes whenever an id could: hash of vocabulary, merges and options.
  std::string fingerprint() const;

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ncmlab
