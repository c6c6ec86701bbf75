// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tokenize/bpe_model.hpp"
#include "tokenize/json_file.hpp"

namespace ncmlab::bpe {

/// Tokens and ids of the JSON object at `path` of a file. Throws Error `tokenizer.bad-id` for an
/// id that is no number, occurs twice or lies far beyond the number of tokens.
Vocabulary read_vocabulary(const JsonFile& file, const JsonPath& path,
                           const nlohmann::json& object);

/// Merges of a JSON array: "a b" or ["a", "b"]. `prefix` is left out of the right token when the
/// two are joined. Throws Error `tokenizer.bad-merge` or `tokenizer.missing-token`.
std::vector<Merge> read_merges(const JsonFile& file, const JsonPath& path,
                               const nlohmann::json& array, const Vocabulary& vocabulary,
                               const std::string& prefix);

/// Merges of a `merges.txt`: one "a b" a line, lines that begin with `#version` left out. A byte
/// order mark, any kind of line end and blank lines at the end are read over.
std::vector<Merge> read_merges_txt(const std::filesystem::path& file, const Vocabulary& vocabulary);

}  // namespace ncmlab::bpe
