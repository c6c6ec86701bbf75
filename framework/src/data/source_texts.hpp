// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ncmlab {

/// Source code without labels: what a language model learns from.
struct SourceTexts {
  std::filesystem::path path;
  std::string field = "code";  ///< of JSON lines
};

/// The texts of a JSON lines file (`.jsonl`, `.jsonl.gz`), of one source file, or of all such files
/// below a folder, in the order of their paths; those of white space alone are left out. Source
/// files are told by how their names end (`.c`, `.java`, `.py`, ...). Throws Error
/// `language.missing-corpus` where there is nothing at the path, `language.empty-corpus` where it
/// holds no such text, and `data.*` and `io.read`.
std::vector<std::string> read_source_texts(const SourceTexts& texts);

/// Changes when the names or the bytes of the files do. Throws what read_source_texts() throws of a
/// path.
std::string fingerprint(const SourceTexts& texts);

}  // namespace ncmlab
