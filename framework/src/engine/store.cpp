// SPDX-License-Identifier: Apache-2.0
#include "engine/store.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/json_number.hpp"
#include "engine/store_path.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/core/json_depth.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kManifest = "manifest.json";

[[noreturn]] void throw_write_error(const fs::path& path, const std::string& reason) {
  throw Error("io.write", "cannot write `" + path.string() + "`: " + reason,
              {"choose another folder with `--store DIR`, or make room"});
}

/// Regular files below `folder`, relative, sorted, without the manifest.
std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path() != folder / kManifest) {
      files.push_back(entry.path().lexically_relative(folder));
    }
  }
  std::ranges::sort(files);
  return files;
}

/// Digest over a manifest that guards the manifest itself.
std::string own_digest(json manifest) {
  manifest.erase("digest");
  return hash_hex(manifest.dump());
}

std::vector<Key::Part> parts_of(const json& manifest) {
  return manifest.at("parts").get<std::vector<Key::Part>>();
}

StoredObject stored_object(const fs::path& folder, const json& manifest) {
  return StoredObject{.folder = folder,
                      .name = manifest.at("name"),
                      .parts = parts_of(manifest),
                      .work = {.seconds = manifest.at("seconds"),
                               .forward_rows = integer_from_json(manifest.at("forward_rows")),
                               .backward_rows = integer_from_json(manifest.at("backward_rows"))}};
}

/// An object as its manifest describes it, or what is wrong with it.
struct Reading {
  json manifest;
  StoredObject object;
  std::string damage;
};

Reading read_manifest(const fs::path& folder) {
  Reading reading;
  try {
    const std::string text = read_file(folder / kManifest);
    if (const std::string deep = too_deep_json(text); !deep.empty()) {
      reading.damage = "`manifest.json` cannot be read: " + deep;
      return reading;
    }
    reading.manifest = json::parse(text);
    if (reading.manifest.at("digest") != own_digest(reading.manifest)) {
      reading.damage = "`manifest.json` does not have the digest that it was written with";
    } else {
      reading.object = stored_object(folder, reading.manifest);
    }
  } catch (const std::exception&) {
    reading.damage = "`manifest.json` cannot be read";
  }
  return reading;
}

/// The first thing that is wrong with the files that `manifest` lists; empty: nothing.
std::string damage_of_files(const fs::path& folder, const json& manifest) {
  for (const auto& [name, digest] : manifest.at("files").items()) {
    const fs::path file = folder / name;
    if (!fs::is_regular_file(file)) {
      return "`" + name + "` is missing";
    }
    if (hash_file(file) != digest.get<std::string>()) {
      return "`" + name + "` does not have the digest that it was written with";
    }
  }
  return {};
}

Reading read_object(const fs::path& folder, const std::string& hash) {
  Reading reading = read_manifest(folder);
  if (reading.damage.empty()) {
    try {
      reading.damage = reading.manifest.at("key") == hash
                           ? damage_of_files(folder, reading.manifest)
                           : "`manifest.json` is that of another object";
    } catch (const std::exception& error) {
      reading.damage = error.what();
    }
  }
  return reading;
}

}  // namespace

fs::path Store::inside(const fs::path& folder) const { return folder_without_links(root_, folder); }

fs::path Store::folder_of(const Key& key) const {
  const std::string hash = key.hash();
  return inside(fs::path("objects") / key.stage() / hash.substr(0, 2) / hash);
}

Store::State Store::check(const Key& key) const {
  return peek(key) ? State::whole : fs::exists(folder_of(key)) ? State::damaged : State::missing;
}

std::optional<StoredObject> Store::peek(const Key& key) const {
  const fs::path folder = folder_of(key);
  if (!fs::exists(folder)) {
    return std::nullopt;
  }
  const std::string hash = key.hash();
  Reading reading = verified_.contains(hash) ? read_manifest(folder) : read_object(folder, hash);
  if (!reading.damage.empty()) {
    return std::nullopt;
  }
  verified_.insert(hash);
  return std::move(reading.object);
}

std::optional<StoredObject> Store::open(const Key& key,
                                        const std::function<void(std::string_view)>& warn) {
  const fs::path folder = folder_of(key);
  if (!fs::exists(folder)) {
    return std::nullopt;
  }
  const std::string hash = key.hash();
  const Reading reading =
      verified_.contains(hash) ? read_manifest(folder) : read_object(folder, hash);
  if (!reading.damage.empty()) {
    warn("warning: `" + folder.string() + "` is damaged and will be made anew: " + reading.damage);
    remove(key);
    return std::nullopt;
  }
  verified_.insert(hash);
  return reading.object;
}

FolderDraft Store::begin(const Key& key) {
  return FolderDraft(inside("tmp") / (key.stage() + "-" + key.hash()));
}

fs::path Store::work_folder(const Key& key) const {
  return inside(fs::path("work") / (key.stage() + "-" + key.hash()));
}

StoredObject Store::commit(const Key& key, std::string name, FolderDraft draft,
                           const WorkDone& work) {
  const std::string hash = key.hash();
  json files = json::object();
  for (const fs::path& file : files_of(draft.folder())) {
    flush_to_disk(draft.folder() / file);
    files[file.generic_string()] = hash_file(draft.folder() / file);
  }
  json manifest{{"key", hash},
                {"stage", key.stage()},
                {"name", std::move(name)},
                {"parts", key.parts()},
                {"files", std::move(files)},
                {"seconds", work.seconds},
                {"forward_rows", work.forward_rows},
                {"backward_rows", work.backward_rows}};
  manifest["digest"] = own_digest(manifest);
  write_file_atomically(draft.folder() / kManifest, manifest.dump(1) + "\n");

  const fs::path folder = folder_of(key);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  draft.move_to(folder);
  fs::remove_all(work_folder(key), ignored);
  verified_.insert(hash);
  return stored_object(folder, manifest);
}

void Store::remove(const Key& key) {
  verified_.erase(key.hash());
  std::error_code error;
  fs::remove_all(work_folder(key), error);
  const fs::path folder = folder_of(key);
  if (!fs::exists(folder)) {
    return;
  }
  // Moved away first: a removal that is interrupted must not leave half an object behind.
  const fs::path doomed = unforeseeable_name(inside("tmp") / ("removed-" + key.hash()));
  fs::create_directories(doomed.parent_path(), error);
  fs::rename(folder, doomed, error);
  if (error) {
    throw_write_error(folder, error.message());
  }
  fs::remove_all(doomed, error);
}

void Store::sweep() {
  std::error_code error;
  fs::remove_all(root_ / "tmp", error);
}

const std::vector<Store::Manifest>& Store::manifests(const std::string& stage) const {
  const auto [entry, is_new] = manifests_.try_emplace(stage);
  const fs::path folder = inside(fs::path("objects") / stage);
  if (is_new && fs::is_directory(folder)) {
    const auto options = fs::directory_options::skip_permission_denied;
    for (const auto& file : fs::recursive_directory_iterator(folder, options)) {
      if (file.path().filename() == kManifest) {
        const Reading reading = read_manifest(file.path().parent_path());
        if (reading.damage.empty()) {
          entry->second.push_back({.name = reading.object.name, .parts = reading.object.parts});
        }
      }
    }
  }
  return entry->second;
}

std::optional<std::vector<Key::Part>> Store::nearest(const Key& key, std::string_view name) const {
  const Manifest* best = nullptr;
  std::size_t fewest = 0;
  for (const Manifest& manifest : manifests(key.stage())) {
    if (manifest.name == name) {
      const std::size_t count = changes(manifest.parts, key.parts()).size();
      if (best == nullptr || count < fewest) {
        best = &manifest;
        fewest = count;
      }
    }
  }
  return best == nullptr ? std::nullopt : std::optional(best->parts);
}

}  // namespace ncmlab
