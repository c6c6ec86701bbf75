// SPDX-License-Identifier: Apache-2.0
#include "engine/key.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <stdexcept>

#include "engine/record.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/plugin/build_stamp.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {
namespace {

/// Raised whenever a stage of the engine itself computes or stores something else than before.
constexpr int kEngineVersion = 4;

/// Digest of the file that holds `symbol`.
std::string digest_of_library(const void* symbol) {
  Dl_info info{};
  return ::dladdr(symbol, &info) != 0 && info.dli_fname != nullptr ? hash_file(info.dli_fname)
                                                                   : "unknown";
}

const std::string* value_of(const std::vector<Key::Part>& parts, const std::string& name) {
  const auto found = std::ranges::find(parts, name, &Key::Part::first);
  return found == parts.end() ? nullptr : &found->second;
}

}  // namespace

void Key::add(std::string name, std::string value) {
  if (value_of(parts_, name) != nullptr) {
    throw std::logic_error("two parts of the key of a stage `" + stage_ + "` are called `" + name +
                           "`");
  }
  parts_.emplace_back(std::move(name), std::move(value));
}

std::string Key::hash() const {
  Hasher hasher;
  hasher.field(stage_);
  for (const auto& [name, value] : parts_) {
    hasher.field(name).field(value);
  }
  return hasher.hex();
}

void add_software(Key& key) {
  static const std::string base = digest_of_library(reinterpret_cast<const void*>(&hash_hex));
  static const std::string networks = digest_of_library(reinterpret_cast<const void*>(&complete));
  constexpr BuildStamp kStamp = current_build_stamp();
  key.add("engine.version", std::to_string(kEngineVersion));
  key.add("engine.record_schema", std::to_string(kRecordSchema));
  key.add("software.compiler", kStamp.compiler.data());
  key.add("software.torch", kStamp.torch.data());
  key.add("software.libncmlab_base", base);
  key.add("software.libncmlab", networks);
}

std::vector<KeyChange> changes(const std::vector<Key::Part>& before,
                               const std::vector<Key::Part>& after) {
  std::vector<KeyChange> result;
  for (const auto& [name, value] : after) {
    const std::string* old = value_of(before, name);
    if (old == nullptr || *old != value) {
      result.push_back({.name = name, .before = old == nullptr ? "" : *old, .after = value});
    }
  }
  for (const auto& [name, value] : before) {
    if (value_of(after, name) == nullptr) {
      result.push_back({.name = name, .before = value, .after = ""});
    }
  }
  return result;
}

}  // namespace ncmlab
