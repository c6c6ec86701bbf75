// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ncmlab {

/// Everything that the result of a stage depends on, as named parts. Equal parts, equal result:
/// the hash names the result in the store, and the parts say what differs from another one.
class Key {
 public:
  using Part = std::pair<std::string, std::string>;

  explicit Key(std::string stage) : stage_(std::move(stage)) {}

  /// Throws std::logic_error when `name` is there already.
  void add(std::string name, std::string value);

  /// The name of the StageKind.
  const std::string& stage() const { return stage_; }
  const std::vector<Part>& parts() const { return parts_; }
  /// 32 hexadecimal digits over the stage and all parts.
  std::string hash() const;

 private:
  std::string stage_;
  std::vector<Part> parts_;
};

/// Adds what every stage depends on: the formats of the engine, the toolchain, LibTorch and the
/// code of the framework itself (digests of the libraries that hold it).
void add_software(Key& key);

/// One part that differs between two keys.
struct KeyChange {
  std::string name;
  std::string before;  ///< empty when the part is new
  std::string after;   ///< empty when the part is gone
};

/// The parts of `after` that `before` does not have so, then those that are gone.
std::vector<KeyChange> changes(const std::vector<Key::Part>& before,
                               const std::vector<Key::Part>& after);

}  // namespace ncmlab
