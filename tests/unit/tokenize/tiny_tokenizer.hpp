// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"
#include "tokenize/byte_alphabet.hpp"

namespace ncmlab {

/// An empty folder of the running test.
inline std::filesystem::path scratch_folder() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const auto folder = std::filesystem::path(::testing::TempDir()) /
                      (std::string("ncmlab_") + test->test_suite_name() + "_" + test->name());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

inline std::filesystem::path write_text(const std::filesystem::path& file,
                                        const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

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
  return Tokenizer::from_file(write_text(scratch_folder() / "tokenizer.json", json.dump(1)));
}

/// Runs `action` and returns the first diagnostic of the Error that it must throw.
template <typename Action>
Diagnostic error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.diagnostics().front();
  }
  ADD_FAILURE() << "no Error was thrown";
  return {};
}

}  // namespace ncmlab
