// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/durable_writes.hpp"
#include "engine/key.hpp"

namespace ncmlab {

/// What it took to make an object.
struct WorkDone {
  double seconds = 0;
  std::int64_t forward_rows = 0;
  std::int64_t backward_rows = 0;
};

/// A finished result of a stage: a folder of files that the store vouches for.
struct StoredObject {
  std::filesystem::path folder;
  std::string name;  ///< for people: which stage of which cell
  std::vector<Key::Part> parts;
  WorkDone work;
};

/// Results by the hash of what went into them:
///
///     STORE/objects/<stage>/<first two digits>/<hash>/manifest.json, ...
///     STORE/tmp/       objects in the making; whatever a killed run left is swept by sweep()
///     STORE/work/<stage>-<hash>/   what a stage keeps to go on from, until its object is there
///     STORE/runs/      records of the cells, see run_folder.hpp
///
/// An object appears whole or not at all, and its manifest holds the digest of each file. Others
/// may write to the store's folders: a link among them is not followed but an error `store.link`,
/// and names of what is in the making cannot be foreseen.
class Store {
 public:
  explicit Store(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path& root() const { return root_; }

  enum class State { missing, damaged, whole };
  /// Reads and digests the object's files; changes nothing in the store.
  State check(const Key& key) const;
  /// The object if it is whole; changes nothing in the store.
  std::optional<StoredObject> peek(const Key& key) const;
  /// The object, or nothing. A damaged one is removed after `warn` was told what is wrong.
  std::optional<StoredObject> open(const Key& key,
                                   const std::function<void(std::string_view)>& warn);

  /// Throws Error `io.write` when the store cannot be written.
  FolderDraft begin(const Key& key);
  /// Where the stage may keep what it needs to go on after the process died; not made here.
  /// Throws Error `store.link`.
  std::filesystem::path work_folder(const Key& key) const;
  /// Digests and flushes the files, writes the manifest, renames the folder into place and removes
  /// the work folder.
  StoredObject commit(const Key& key, std::string name, FolderDraft draft, const WorkDone& work);
  /// Removes the object and the work folder.
  void remove(const Key& key);
  /// Removes objects in the making. Call it only while holding the store's lock.
  void sweep();

  /// The parts of the stored object of the same stage and name that differs least from `key`.
  std::optional<std::vector<Key::Part>> nearest(const Key& key, std::string_view name) const;

 private:
  struct Manifest {
    std::string name;
    std::vector<Key::Part> parts;
  };

  /// A folder below the root. Throws Error `store.link` where a link stands in the way.
  std::filesystem::path inside(const std::filesystem::path& folder) const;
  std::filesystem::path folder_of(const Key& key) const;
  const std::vector<Manifest>& manifests(const std::string& stage) const;

  std::filesystem::path root_;
  /// Hashes that this process has digested or written.
  mutable std::set<std::string> verified_;
  mutable std::map<std::string, std::vector<Manifest>> manifests_;
};

}  // namespace ncmlab
