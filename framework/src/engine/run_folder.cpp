// SPDX-License-Identifier: Apache-2.0
#include "engine/run_folder.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;

constexpr const char* kIndex = "experiment.json";

json to_object(const IndexedCell& cell) {
  return {{"key", cell.key},       {"task", cell.task},       {"model", cell.model},
          {"attack", cell.attack}, {"defense", cell.defense}, {"seed", cell.seed}};
}

IndexedCell cell_from(const json& object) {
  return IndexedCell{.key = object.at("key"),
                     .task = object.at("task"),
                     .model = object.at("model"),
                     .attack = object.at("attack"),
                     .defense = object.at("defense"),
                     .seed = object.at("seed")};
}

}  // namespace

std::filesystem::path run_folder(const std::filesystem::path& store, const std::string& name) {
  std::string folder = name;
  std::ranges::replace_if(
      folder,
      [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_' && c != '.'; },
      '_');
  if (folder.empty() || folder.front() == '.') {
    folder.insert(0, "_");
  }
  return store / "runs" / folder;
}

void write_index(const std::filesystem::path& folder, const RunIndex& index) {
  json cells = json::array();
  for (const IndexedCell& cell : index.cells) {
    cells.push_back(to_object(cell));
  }
  const json object{
      {"schema", kRecordSchema}, {"name", index.name},       {"description", index.description},
      {"file", index.file},      {"source", index.source},   {"command", index.command},
      {"limit", index.limit},    {"cells", std::move(cells)}};
  write_file_atomically(folder / kIndex,
                        object.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

RunIndex read_index(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kIndex;
  if (!std::filesystem::exists(file)) {
    throw Error("store.no-run", "`" + folder.string() + "` is not the folder of a run",
                {"`ncmlab run FILE` makes one"});
  }
  try {
    const json object = json::parse(read_file(file));
    if (object.at("schema") != kRecordSchema) {
      throw Error("store.bad-record", "`" + file.string() + "` has record schema " +
                                          object.at("schema").dump() + ", this ncmlab reads " +
                                          std::to_string(kRecordSchema));
    }
    RunIndex index{.name = object.at("name"),
                   .description = object.at("description"),
                   .file = object.at("file"),
                   .source = object.at("source"),
                   .command = object.value("command", ""),
                   .limit = object.value("limit", std::int64_t{0})};
    for (const json& cell : object.at("cells")) {
      index.cells.push_back(cell_from(cell));
    }
    return index;
  } catch (const json::exception& error) {
    throw Error("store.bad-record", "`" + file.string() + "` is damaged: " + error.what(),
                {"run the experiment again: what the store holds is not redone"});
  }
}

void write_record(const std::filesystem::path& folder, const CellRecord& record) {
  write_file_atomically(folder / (record.key + ".json"), to_json(record));
}

std::vector<CellRecord> read_records(const std::filesystem::path& folder) {
  std::vector<CellRecord> records;
  for (const IndexedCell& cell : read_index(folder).cells) {
    const std::filesystem::path file = folder / (cell.key + ".json");
    if (std::filesystem::exists(file)) {
      CellRecord record = record_from_json(read_file(file), file.string());
      record.task = cell.task;
      record.model = cell.model;
      record.attack = cell.attack;
      record.defense = cell.defense;
      record.seed = cell.seed;
      records.push_back(std::move(record));
    }
  }
  return records;
}

}  // namespace ncmlab
