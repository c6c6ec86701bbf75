// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/stored_records.hpp"

#include <nlohmann/json.hpp>

#include "ncmlab/core/files.hpp"
#include "ncmlab/data/bad_records.hpp"
#include "ncmlab/data/json_lines.hpp"

namespace ncmlab {
namespace {

std::string key(std::string_view split, const std::string& id) {
  return std::string(split) + "/" + id;
}

}  // namespace

void StoredRecords::read(const std::filesystem::path& file, std::string_view split,
                         const IdOf& id_of) {
  BadRecords bad(OnBadRecord::skip);
  for_each_json_line(file, bad, [&](const nlohmann::json& record, std::int64_t line) {
    lines_.emplace(key(split, id_of(record, line)), record.dump());
  });
}

nlohmann::json StoredRecords::find(std::string_view split, const std::string& id) const {
  for (const std::string& place : {key(split, id), key("train", id)}) {
    if (const auto found = lines_.find(place); found != lines_.end()) {
      return nlohmann::json::parse(found->second);
    }
  }
  return nlohmann::json::object();
}

void write_splits(const Corpus& corpus, const std::filesystem::path& folder,
                  const std::string& ending, const LineOf& line_of) {
  for (const auto& [split, examples] : named_splits(corpus)) {
    std::string text;
    for (std::size_t i = 0; i < examples->size(); ++i) {
      text += line_of((*examples)[i], split, i) + "\n";
    }
    if (!text.empty()) {
      write_file_atomically(folder / (split + ending), text);
    }
  }
}

void write_splits(const Corpus& corpus, const std::filesystem::path& folder,
                  const RecordOf& record_of) {
  write_splits(corpus, folder, ".jsonl",
               [&](const Example& example, std::string_view split, std::size_t position) {
                 return record_of(example, split, position).dump();
               });
}

}  // namespace ncmlab
