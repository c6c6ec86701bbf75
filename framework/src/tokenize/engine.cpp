// SPDX-License-Identifier: Apache-2.0
#include "tokenize/engine.hpp"

#include <algorithm>
#include <utility>

#include "tokenize/pre_tokenizer.hpp"

namespace ncmlab::bpe {
namespace {

/// Where the bytes of a stretch of normalised text come from in the text given to encode().
struct Origin {
  std::size_t offset = 0;              ///< of the stretch before normalisation
  const ByteRange* sources = nullptr;  ///< by normalised byte; null: nothing was changed
  std::size_t size = 0;                ///< normalised bytes

  ByteRange range(std::size_t begin, std::size_t end) const {
    if (sources == nullptr || size == 0) {
      return {offset + begin, offset + end};
    }
    if (begin == end) {
      const std::size_t point = begin < size ? sources[begin].begin : sources[size - 1].end;
      return {offset + point, offset + point};
    }
    return {offset + sources[begin].begin, offset + sources[end - 1].end};
  }
};

class Lease {
 public:
  explicit Lease(WorkspacePool& pool) : pool_(pool), workspace_(pool.take()) {}
  ~Lease() { pool_.give_back(std::move(workspace_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Workspace& operator*() { return *workspace_; }

 private:
  WorkspacePool& pool_;
  std::unique_ptr<Workspace> workspace_;
};

}  // namespace

/// One call of Engine::encode().
class EncodeCall {
 public:
  EncodeCall(const Engine& engine, Workspace& workspace, std::vector<std::int64_t>& ids,
             std::vector<ByteRange>* ranges)
      : engine_(engine), workspace_(workspace), ids_(ids), ranges_(ranges) {}

  void run(std::string_view text) {
    for (const Section& section : engine_.raw_finder_.split(text)) {
      if (section.id >= 0) {
        append(section.id, {section.begin, section.end});
      } else {
        normalize_section(text.substr(section.begin, section.end - section.begin), section.begin);
      }
    }
  }

 private:
  void append(std::int64_t id, ByteRange range) {
    ids_.push_back(id);
    if (ranges_ != nullptr) {
      ranges_->push_back(range);
    }
  }

  void normalize_section(std::string_view text, std::size_t offset) {
    if (engine_.normalizer_.empty()) {
      split_section(text, {offset, nullptr, text.size()});
      return;
    }
    const NormalizedText normalized = normalize(text, engine_.normalizer_, ranges_ != nullptr);
    const ByteRange* sources = ranges_ != nullptr ? normalized.sources.data() : nullptr;
    split_section(normalized.text, {offset, sources, normalized.text.size()});
  }

  void split_section(std::string_view text, const Origin& origin) {
    for (const Section& section : engine_.normalized_finder_.split(text)) {
      if (section.id >= 0) {
        append(section.id, origin.range(section.begin, section.end));
      } else {
        encode_words(text.substr(section.begin, section.end - section.begin), origin,
                     section.begin);
      }
    }
  }

  /// `text` begins at byte `start` of the normalised stretch that `origin` describes.
  void encode_words(std::string_view text, const Origin& origin, std::size_t start) {
    const bool prefix = engine_.add_prefix_space_ && text.front() != ' ';
    if (prefix) {
      workspace_.prefixed.assign(1, ' ');
      workspace_.prefixed += text;
      text = workspace_.prefixed;
    }
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = engine_.split_words_ ? piece_end(text, begin) : text.size();
      const std::string_view piece = text.substr(begin, end - begin);
      if (ranges_ == nullptr) {
        encode_piece(piece);
      } else {
        engine_.model_.encode(piece, workspace_.symbols);
        for (const Symbol& symbol : workspace_.symbols) {
          // The blank put in front has no bytes of its own.
          const auto place = [&](std::size_t at) { return prefix && at > 0 ? at - 1 : at; };
          append(symbol.id, origin.range(start + place(begin + symbol.begin),
                                         start + place(begin + symbol.end)));
        }
      }
      begin = end;
    }
  }

  void encode_piece(std::string_view piece) {
    if (const PieceCache::Entry* entry = workspace_.cache.find(piece); entry != nullptr) {
      ids_.insert(ids_.end(), entry->ids.begin(), entry->ids.begin() + entry->count);
      return;
    }
    engine_.model_.encode(piece, workspace_.symbols);
    workspace_.cache.insert(piece, workspace_.symbols);
    for (const Symbol& symbol : workspace_.symbols) {
      ids_.push_back(symbol.id);
    }
  }

  const Engine& engine_;
  Workspace& workspace_;
  std::vector<std::int64_t>& ids_;
  std::vector<ByteRange>* ranges_;
};

std::unique_ptr<Workspace> WorkspacePool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      std::unique_ptr<Workspace> workspace = std::move(free_.back());
      free_.pop_back();
      return workspace;
    }
  }
  return std::make_unique<Workspace>();
}

void WorkspacePool::give_back(std::unique_ptr<Workspace> workspace) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(workspace));
}

Engine::Engine(TokenizerSpec spec)
    : model_(std::move(spec.vocabulary), std::move(spec.merges), std::move(spec.options)),
      normalizer_(std::move(spec.normalizer)),
      add_prefix_space_(spec.add_prefix_space),
      split_words_(spec.split_words),
      added_tokens_(std::move(spec.added_tokens)),
      names_(std::move(spec.names)),
      id_limit_(model_.vocabulary().id_limit()),
      raw_finder_(patterns(false)),
      normalized_finder_(patterns(true)) {
  for (const AddedToken& token : added_tokens_) {
    added_by_id_.emplace(token.id, &token);
    id_limit_ = std::max(id_limit_, token.id + 1);
  }
  const auto id_of = [&](const std::string& name) { return find(name).value_or(-1); };
  special_ = {id_of(names_.bos), id_of(names_.eos), id_of(names_.pad), id_of(names_.unk),
              id_of(names_.mask)};
}

std::vector<AddedTokenFinder::Pattern> Engine::patterns(bool normalized) const {
  std::vector<AddedTokenFinder::Pattern> result;
  for (const bool special : {true, false}) {
    for (const AddedToken& token : added_tokens_) {
      if (token.special == special && token.normalized == normalized) {
        result.push_back(
            {normalized ? normalize(token.content, normalizer_, false).text : token.content,
             &token});
      }
    }
  }
  return result;
}

void Engine::encode(std::string_view text, std::vector<std::int64_t>& ids,
                    std::vector<ByteRange>* ranges) const {
  Lease workspace(pool_);
  EncodeCall(*this, *workspace, ids, ranges).run(text);
}

std::optional<std::int64_t> Engine::find(std::string_view token) const {
  if (const auto id = model_.vocabulary().find(token)) {
    return id;
  }
  for (const AddedToken& added : added_tokens_) {
    if (added.content == token) {
      return added.id;
    }
  }
  return std::nullopt;
}

const std::string* Engine::token(std::int64_t id) const {
  if (id < 0 || id >= id_limit_) {
    return nullptr;
  }
  const Vocabulary& vocabulary = model_.vocabulary();
  if (id < vocabulary.id_limit() && vocabulary.token(id) != nullptr) {
    return vocabulary.token(id);
  }
  const AddedToken* added = added_token(id);
  return added == nullptr ? nullptr : &added->content;
}

const AddedToken* Engine::added_token(std::int64_t id) const {
  const auto entry = added_by_id_.find(id);
  return entry == added_by_id_.end() ? nullptr : entry->second;
}

}  // namespace ncmlab::bpe
