// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/weights/state_dict.hpp"
#include "weights/foreign_elements.hpp"
#include "weights/safetensors_header.hpp"
#include "weights/weight_readers.hpp"

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

namespace ncmlab {

StateDict read_safetensors(FileReader& file) {
  SafetensorsHeader header = read_safetensors_header(file);
  StateDict result;
  std::unordered_map<std::string, at::Tensor> by_name;
  for (SafetensorsEntry& entry : header.entries) {
    const std::uint64_t size = entry.end - entry.begin;
    const std::string what = "tensor `" + entry.name + "`";
    at::Tensor tensor;
    if (entry.foreign_type.empty()) {
      tensor = at::empty(entry.shape, entry.type);
      file.read_into(header.data + entry.begin, size, tensor.data_ptr(), what);
    } else {
      at::Tensor bytes = at::empty({static_cast<std::int64_t>(size)}, at::kByte);
      file.read_into(header.data + entry.begin, size, bytes.data_ptr(), what);
      tensor = foreign_tensor({.type = std::move(entry.foreign_type),
                               .shape = std::move(entry.shape),
                               .bytes = std::move(bytes)});
    }
    if (!header.other_names.empty()) {
      by_name.emplace(entry.name, tensor);
    }
    result.add(std::move(entry.name), std::move(tensor));
  }
  for (auto& [name, stored] : header.other_names) {
    result.add(std::move(name), by_name.at(stored).alias());
  }
  return result;
}

StateDict read_safetensors(const std::filesystem::path& path) {
  FileReader file(path);
  return read_safetensors(file);
}

void write_safetensors(const std::filesystem::path& path, const StateDict& tensors) {
  nlohmann::ordered_json header = {{"__metadata__", {{"format", "pt"}}}};
  std::vector<at::Tensor> contiguous;
  std::uint64_t total = 0;
  for (const auto& [name, tensor] : tensors) {
    const ForeignElements* foreign = foreign_elements(tensor);
    const auto* type = std::ranges::find(kSafetensorsTypes, tensor.scalar_type(),
                                         &std::pair<std::string_view, at::ScalarType>::second);
    if (foreign == nullptr && type == std::end(kSafetensorsTypes)) {
      throw Error("checkpoint.bad-dtype", "tensor `" + name + "` has the element type " +
                                              c10::toString(tensor.scalar_type()) +
                                              ", which safetensors cannot hold");
    }
    contiguous.push_back(foreign != nullptr ? foreign->bytes.contiguous()
                                            : tensor.detach().cpu().contiguous());
    const std::uint64_t end = total + contiguous.back().nbytes();
    header[name] = {{"dtype", foreign != nullptr ? foreign->type : std::string(type->first)},
                    {"shape", foreign != nullptr ? foreign->shape : tensor.sizes().vec()},
                    {"data_offsets", {total, end}}};
    total = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string bytes(8 + text.size() + total, '\0');
  const std::uint64_t length = text.size();
  std::memcpy(bytes.data(), &length, 8);
  std::memcpy(bytes.data() + 8, text.data(), text.size());
  char* target = bytes.data() + 8 + text.size();
  for (const at::Tensor& tensor : contiguous) {
    if (tensor.nbytes() > 0) {
      std::memcpy(target, tensor.data_ptr(), tensor.nbytes());
    }
    target += tensor.nbytes();
  }
  write_file_atomically(path, bytes);
}

}  // namespace ncmlab
