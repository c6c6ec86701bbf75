// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "error_of.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"
#include "scratch_folder.hpp"
#include "tokenize/byte_alphabet.hpp"

namespace ncmlab {

/// A tokenizer.json with the 256 bytes (id = byte) and `merges` ("a b", spelled in printable
/// characters) whose results get the ids from 256 on.
inline nlohmann::json tiny_json(const std::vector<std::string>& merges = {}) {
  nlohmann::json vocabulary = nlohmann::json::object();
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary[bpe::printable(static_cast<unsigned char>(byte))] = byte;
  }
  for (const std::string& merge : merges) {
    std::string joined = merge;
    joined.erase(joined.find(' '), 1);
    vocabulary.emplace(joined, vocabulary.size());
  }
  return {{"added_tokens", nlohmann::json::array()},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merges}}}};
}

/// Adds a token with the next free id and the given flags (`{"lstrip": true}`).
inline void add_token(nlohmann::json& json, const std::string& content,
                      const nlohmann::json& flags = nlohmann::json::object()) {
  nlohmann::json token = {{"id", json["model"]["vocab"].size() + json["added_tokens"].size()},
                          {"content", content}};
  token.update(flags);
  json["added_tokens"].push_back(token);
}

inline Tokenizer load(const nlohmann::json& json) {
  const ScratchFolder folder;
  return Tokenizer::from_file(folder.write("tokenizer.json", json.dump(1)));
}

/// A folder with vocab.json (256 bytes, "ab", "abc") and the given merges.txt.
class TwoFiles : public ScratchFolder {
 public:
  explicit TwoFiles(const std::string& merges) {
    write("vocab.json", tiny_json({"a b", "ab c"})["model"]["vocab"].dump());
    write("merges.txt", merges);
  }
};

}  // namespace ncmlab
