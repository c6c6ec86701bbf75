// SPDX-License-Identifier: Apache-2.0
#include "engine/run_folder.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>

#include "core/parsed_json.hpp"
#include "engine/described_json.hpp"
#include "engine/store_path.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"

namespace ncmlab {

using nlohmann::json;

BOOST_DESCRIBE_STRUCT(IndexedCell, (), (key, task, model, attack, defense, seed))
BOOST_DESCRIBE_STRUCT(RunIndex, (),
                      (name, description, file, location, source, command, limit, cells))

namespace {

constexpr const char* kIndex = "experiment.json";
// What a sealed object begins with, around the digest.
const std::string kSeal = "{\"digest\":\"", kSealEnd = "\",";
constexpr std::size_t kDigestSize = 32;

constexpr BadJson kDamaged{.code = "store.bad-record", .help = kRunAgain};

/// A JSON object with the digest of the rest of its text as its first member.
std::string sealed(const std::string& object) {
  return kSeal + hash_hex(object) + kSealEnd + object.substr(1);
}

/// The object that was sealed.
std::string unsealed(const std::string& text, const std::filesystem::path& file) {
  const std::size_t seal_size = kSeal.size() + kDigestSize + kSealEnd.size();
  const std::string digest = text.substr(std::min(kSeal.size(), text.size()), kDigestSize);
  if (!text.starts_with(kSeal) || !is_key_hash(digest) ||
      text.substr(kSeal.size() + kDigestSize, kSealEnd.size()) != kSealEnd) {
    take_json(text, file.string(), kDamaged,
              [&](const json& object) { check_schema(object, file.string()); });
    kDamaged.refuse(file.string(), "it does not begin with the digest that it was written with");
  }
  std::string object = "{" + text.substr(seal_size);
  if (hash_hex(object) != digest) {
    kDamaged.refuse(file.string(), "it has the digest `" + hash_hex(object) + "`, expected `" +
                                       digest + "`: it was changed after it was written");
  }
  return object;
}

RunIndex index_from(const json& object, const std::filesystem::path& file) {
  check_schema(object, file.string());
  RunIndex index = value_of<RunIndex>(object);
  // Keys become names of files.
  if (!std::ranges::all_of(index.cells, is_key_hash, &IndexedCell::key)) {
    kDamaged.refuse(file.string(), "it lists a cell whose key is not 32 hexadecimal digits");
  }
  return index;
}

/// An older index that is to be replaced, if it can be read at all.
std::optional<RunIndex> older_index(const std::filesystem::path& folder) {
  try {
    return read_index(folder);
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool goes_on_from(const RunIndex& index, const RunIndex& older) {
  std::set<std::string> keys;
  for (const IndexedCell& cell : index.cells) {
    keys.insert(cell.key);
  }
  return older.location == index.location || older.source == index.source ||
         std::ranges::all_of(older.cells,
                             [&](const IndexedCell& cell) { return keys.contains(cell.key); });
}

/// The first `experiment.N.json` that is not there yet.
std::filesystem::path free_copy(const std::filesystem::path& folder) {
  for (int number = 1;; ++number) {
    std::filesystem::path copy = folder / ("experiment." + std::to_string(number) + ".json");
    if (!std::filesystem::exists(std::filesystem::symlink_status(copy))) {
      return copy;
    }
  }
}

void refuse_link(const std::filesystem::path& folder) {
  if (std::filesystem::is_symlink(folder)) {
    refuse_path(folder, "a symbolic link");
  }
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
  refuse_link(folder);
  json object = json_of(index);
  object["schema"] = kRecordSchema;
  write_file_atomically(folder / kIndex,
                        sealed(object.dump(1, ' ', false, json::error_handler_t::replace) + "\n"));
}

RunIndex read_index(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kIndex;
  if (!std::filesystem::is_regular_file(file)) {
    throw Error("store.no-run", "`" + folder.string() + "` is not the folder of a run",
                {"`ncmlab run FILE` makes one"});
  }
  return take_json(unsealed(read_file(file), file), file.string(), kDamaged,
                   [&](const json& object) { return index_from(object, file); });
}

std::optional<Diagnostic> replace_index(const std::filesystem::path& store, const RunIndex& index) {
  const std::filesystem::path folder = run_folder(store, index.name);
  folder_without_links(store, std::filesystem::path("runs") / folder.filename());
  const std::optional<RunIndex> older = older_index(folder);
  if (!older || goes_on_from(index, *older)) {
    write_index(folder, index);
    return std::nullopt;
  }
  const std::string former = older->command.empty() ? "ncmlab run " + older->file : older->command;
  const std::filesystem::path copy = free_copy(folder);
  write_file_atomically(copy, read_file(folder / kIndex));
  write_index(folder, index);
  return Diagnostic{.severity = Severity::warning,
                    .code = "store.other-experiment",
                    .message = "run `" + index.name + "` was that of `" + older->location +
                               "` and is that of `" + index.location + "` now",
                    .help = {"give one of the two experiments another `name`",
                             "`" + former +
                                 "` reports the former again: what the store holds is "
                                 "not redone"},
                    .notes = {"the records of its " + std::to_string(older->cells.size()) +
                              " cells stay, its index is kept as `" + copy.string() + "`"}};
}

void write_record(const std::filesystem::path& folder, const CellRecord& record) {
  refuse_link(folder);
  write_file_atomically(folder / (record.key + ".json"), sealed(to_json(record)));
}

std::vector<CellRecord> read_records(const std::filesystem::path& folder) {
  std::vector<CellRecord> records;
  for (const IndexedCell& cell : read_index(folder).cells) {
    const std::filesystem::path file = folder / (cell.key + ".json");
    if (std::filesystem::is_regular_file(file)) {
      CellRecord record = record_from_json(unsealed(read_file(file), file), file.string());
      if (record.key != cell.key) {
        kDamaged.refuse(file.string(), "it is the record of another cell");
      }
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
