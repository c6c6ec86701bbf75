// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Builds the files that torch.save writes, byte by byte, so that tests can damage them.
namespace ncmlab::testing {

inline std::string little(std::uint64_t value, int bytes) {
  std::string result;
  for (int i = 0; i < bytes; ++i) {
    result += static_cast<char>(value >> (8 * i) & 0xFF);
  }
  return result;
}

inline std::string pickle_text(std::string_view text) {
  return "X" + little(text.size(), 4) + std::string(text);
}
inline std::string pickle_int(std::int64_t value) {
  return "J" + little(static_cast<std::uint64_t>(value), 4);
}
inline std::string pickle_tuple(const std::vector<std::int64_t>& values) {
  std::string result = "(";
  for (const auto value : values) {
    result += pickle_int(value);
  }
  return result + "t";
}

/// A tensor as the argument of _rebuild_tensor_v2.
struct PickledTensor {
  std::string name;
  std::string storage_class = "FloatStorage";
  std::string key = "0";
  std::int64_t elements = 0;
  std::int64_t offset = 0;
  std::vector<std::int64_t> sizes, strides;
};

inline std::string pickle_tensor(const PickledTensor& tensor) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + pickle_text("storage") + "ctorch\n" +
         tensor.storage_class + "\n" + pickle_text(tensor.key) + pickle_text("cuda:0") +
         pickle_int(tensor.elements) + "tQ" + pickle_int(tensor.offset) +
         pickle_tuple(tensor.sizes) + pickle_tuple(tensor.strides) +
         "\x89"
         "ccollections\nOrderedDict\n)RtR";
}

/// An OrderedDict of tensors with `_metadata` set by BUILD, as a module's state_dict() is.
inline std::string pickle_state_dict(const std::vector<PickledTensor>& tensors) {
  std::string result =
      "\x80\x02"
      "ccollections\nOrderedDict\n)R(";
  for (const auto& tensor : tensors) {
    result += pickle_text(tensor.name) + pickle_tensor(tensor);
  }
  return result + "u}" + pickle_text("_metadata") + "}sb.";
}

/// A stored zip archive of (name, content); zip64 records throughout if `zip64`.
inline std::string zip(const std::vector<std::pair<std::string, std::string>>& entries,
                       bool zip64 = false) {
  std::string body;
  std::string directory;
  for (const auto& [name, content] : entries) {
    const std::uint64_t offset = body.size();
    const std::string crc(4, '\0');
    body += "PK\3\4" + little(45, 2) + std::string(8, '\0') + crc + little(content.size(), 4) +
            little(content.size(), 4) + little(name.size(), 2) + little(0, 2) + name + content;
    const std::string extra = zip64 ? little(1, 2) + little(24, 2) + little(content.size(), 8) +
                                          little(content.size(), 8) + little(offset, 8)
                                    : "";
    const auto small = [&](std::uint64_t value) { return little(zip64 ? 0xFFFFFFFFu : value, 4); };
    directory += "PK\1\2" + little(45, 2) + little(45, 2) + std::string(8, '\0') + crc +
                 small(content.size()) + small(content.size()) + little(name.size(), 2) +
                 little(extra.size(), 2) + little(0, 2) + std::string(8, '\0') + small(offset) +
                 name + extra;
  }
  const std::uint64_t begin = body.size();
  std::string end;
  if (zip64) {
    end += "PK\6\6" + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 4) + little(0, 4) +
           little(entries.size(), 8) + little(entries.size(), 8) + little(directory.size(), 8) +
           little(begin, 8);
    end += "PK\6\7" + little(0, 4) + little(begin + directory.size(), 8) + little(1, 4);
  }
  end += "PK\5\6" + little(0, 4) + little(zip64 ? 0xFFFF : entries.size(), 2) +
         little(zip64 ? 0xFFFF : entries.size(), 2) +
         little(zip64 ? 0xFFFFFFFFu : directory.size(), 4) +
         little(zip64 ? 0xFFFFFFFFu : begin, 4) + little(0, 2);
  return body + directory + end;
}

/// The bytes of numbers.
template <typename T>
std::string raw(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

}  // namespace ncmlab::testing
