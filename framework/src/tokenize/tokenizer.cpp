// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/tokenize/tokenizer.hpp"

#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/hash.hpp"
#include "tokenize/byte_alphabet.hpp"
#include "tokenize/engine.hpp"

namespace ncmlab {

struct Tokenizer::State {
  explicit State(bpe::TokenizerSpec spec) : engine(std::move(spec)) {}
  bpe::Engine engine;
};

namespace {

bpe::TokenizerSpec with_prefix_space(bpe::TokenizerSpec spec, std::optional<bool> value) {
  spec.add_prefix_space = value.value_or(spec.add_prefix_space);
  return spec;
}

}  // namespace

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Tokenizer Tokenizer::from_folder(const std::filesystem::path& folder,
                                 std::optional<bool> add_prefix_space) {
  return Tokenizer(
      std::make_unique<State>(with_prefix_space(bpe::read_folder(folder), add_prefix_space)));
}

Tokenizer Tokenizer::from_file(const std::filesystem::path& file,
                               std::optional<bool> add_prefix_space) {
  return Tokenizer(
      std::make_unique<State>(with_prefix_space(bpe::read_tokenizer_json(file), add_prefix_space)));
}

Tokenizer Tokenizer::train(const std::vector<std::string_view>& texts,
                           const BpeTrainingOptions& options) {
  return Tokenizer(std::make_unique<State>(bpe::train_bpe(texts, options)));
}

std::vector<std::int64_t> Tokenizer::encode(std::string_view text) const {
  std::vector<std::int64_t> ids;
  ids.reserve(text.size() / 3);
  state_->engine.encode(text, ids, nullptr);
  return ids;
}

Encoding Tokenizer::encode_with_ranges(std::string_view text) const {
  Encoding encoding;
  state_->engine.encode(text, encoding.ids, &encoding.ranges);
  return encoding;
}

std::string Tokenizer::decode(const std::vector<std::int64_t>& ids, bool skip_special) const {
  std::string text;
  for (const std::int64_t id : ids) {
    const std::string& spelled = token(id);
    if (!(skip_special && is_special(id))) {
      text += bpe::from_printable(spelled).value_or(spelled);
    }
  }
  return text;
}

std::int64_t Tokenizer::vocab_size() const { return state_->engine.id_limit(); }
const SpecialIds& Tokenizer::special() const { return state_->engine.special(); }

bool Tokenizer::is_special(std::int64_t id) const {
  const bpe::AddedToken* added = state_->engine.added_token(id);
  return added != nullptr && added->special;
}

const std::string& Tokenizer::token(std::int64_t id) const {
  static const std::string hole;
  if (id < 0 || id >= vocab_size()) {
    throw Error("tokenizer.unknown-id", "there is no token with the id " + std::to_string(id) +
                                            ": the vocabulary's ids are 0 to " +
                                            std::to_string(vocab_size() - 1));
  }
  const std::string* token = state_->engine.token(id);
  return token == nullptr ? hole : *token;
}

std::optional<std::int64_t> Tokenizer::id_of(std::string_view token) const {
  return state_->engine.find(token);
}

void Tokenizer::save(const std::filesystem::path& folder) const {
  bpe::write_folder(state_->engine, folder);
}

std::string Tokenizer::fingerprint() const {
  return hash_hex(bpe::tokenizer_json_text(state_->engine));
}

}  // namespace ncmlab
