// SPDX-License-Identifier: Apache-2.0
#include "data/source_texts.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/data/json_lines.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

constexpr auto kJsonLines = std::to_array<std::string_view>({".jsonl", ".jsonl.gz"});
constexpr auto kSources =
    std::to_array<std::string_view>({".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh", ".java",
                                     ".py", ".js", ".go", ".rb", ".php"});

template <std::size_t size>
bool ends_with_any(const fs::path& file, const std::array<std::string_view, size>& endings) {
  const std::string name = file.filename().string();
  return std::ranges::any_of(endings,
                             [&](std::string_view ending) { return name.ends_with(ending); });
}

bool is_json_lines(const fs::path& file) { return ends_with_any(file, kJsonLines); }

std::vector<fs::path> files_of(const fs::path& path) {
  if (fs::is_regular_file(path)) {
    return {path};
  }
  if (!fs::is_directory(path)) {
    throw Error("language.missing-corpus",
                "expected a file or a folder with code, found none at `" + path.string() + "`",
                {"name a JSON lines file, a source file or a folder of such files"});
  }
  std::vector<fs::path> files;
  for (const auto& entry :
       fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied)) {
    if (entry.is_regular_file() &&
        (is_json_lines(entry.path()) || ends_with_any(entry.path(), kSources))) {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

std::vector<std::string> read_source_texts(const SourceTexts& source) {
  std::vector<std::string> texts;
  const auto add = [&](std::string text) {
    if (text.find_first_not_of(" \t\r\n\v\f") != std::string::npos) {
      texts.push_back(std::move(text));
    }
  };
  for (const fs::path& file : files_of(source.path)) {
    if (is_json_lines(file)) {
      for_each_json_line(file, [&](const nlohmann::json& record, std::int64_t line) {
        add(string_field(record, source.field, file, line));
      });
    } else {
      add(read_file(file));
    }
  }
  if (texts.empty()) {
    throw Error("language.empty-corpus", "`" + source.path.string() + "` holds no code",
                {"expected JSON lines with the field `" + source.field +
                 "`, or source files such as `.c`, `.java` and `.py`"});
  }
  return texts;
}

std::string fingerprint(const SourceTexts& source) {
  Hasher hasher;
  hasher.field(source.field);
  for (const fs::path& file : files_of(source.path)) {
    const fs::path name = file == source.path ? file.filename() : fs::proximate(file, source.path);
    hasher.field(name.string()).field(hash_file(file));
  }
  return hasher.hex();
}

}  // namespace ncmlab
