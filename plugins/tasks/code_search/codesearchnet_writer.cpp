// SPDX-License-Identifier: Apache-2.0
#include "codesearchnet_writer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "codesearchnet_reader.hpp"
#include "docstring.hpp"
#include "ncmlab/code/lexemes.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/data/stored_records.hpp"

namespace ncmlab {
namespace {

/// The words between single blanks, so that joined by blanks they are the query.
std::vector<std::string> split_at_blanks(const std::string& query) {
  std::vector<std::string> words = split_at(query, ' ');
  const bool is_plain = std::none_of(words.begin(), words.end(),
                                     [](const std::string& word) { return word.empty(); });
  return is_plain ? words : std::vector<std::string>{query};
}

StoredRecords stored_records(const std::filesystem::path& source) {
  StoredRecords records;
  if (source.empty()) {
    return records;
  }
  for (const std::string split : {"train", "valid", "test"}) {
    const auto files = codesearchnet_split_files(source, split);
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::string prefix = codesearchnet_id_prefix(split, files.size(), i);
      records.read(files[i], split, [&](const nlohmann::json&, std::int64_t line) {
        return prefix + std::to_string(line);
      });
    }
  }
  return records;
}

/// Puts an edited function into its record; `code` has the docstring, which the sample has not.
void put_code(nlohmann::json& record, const Example& example) {
  const auto before = record.find("code");
  if (before != record.end() && before->is_string() &&
      without_docstring(before->get<std::string>()) == example.code) {
    return;
  }
  if (before == record.end() || record.contains("code_tokens")) {
    const auto tokens = lexemes(example.code);
    record["code_tokens"] = std::vector<std::string>(tokens.begin(), tokens.end());
  }
  record["code"] = example.code;
  if (record.contains("original_string")) {
    record["original_string"] = example.code;
  }
}

}  // namespace

void write_codesearchnet(const Corpus& corpus, const std::filesystem::path& folder,
                         const std::filesystem::path& source) {
  const StoredRecords records = stored_records(source);
  const auto record_of = [&](const Example& example, std::string_view split, std::size_t position) {
    nlohmann::json record = records.find(split, example.id);
    if (record.empty()) {
      record["idx"] = position;
      record["language"] = to_string(example.language);
      record["docstring"] = example.query;
      record["docstring_tokens"] = split_at_blanks(example.query);
    }
    put_code(record, example);
    return record;
  };
  write_splits(corpus, folder, record_of);
}

}  // namespace ncmlab
