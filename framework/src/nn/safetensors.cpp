// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/nn/state_dict.hpp"
#include "nn/file_reader.hpp"

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

namespace ncmlab {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<std::string_view, at::ScalarType> kTypes[] = {
    {"F32", at::kFloat}, {"F16", at::kHalf}, {"BF16", at::kBFloat16}, {"F64", at::kDouble},
    {"I64", at::kLong},  {"I32", at::kInt},  {"I16", at::kShort},     {"I8", at::kChar},
    {"U8", at::kByte},   {"BOOL", at::kBool}};

/// What the header says of one tensor.
struct Entry {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  ///< relative to the data section
  std::uint64_t bytes = 0;
};

[[noreturn]] void fail(const FileReader& file, const std::string& what) {
  throw Error("checkpoint.bad-safetensors",
              "`" + file.path().string() + "` is not valid safetensors: " + what,
              {"copy or download the file again"});
}

at::ScalarType type_of(const FileReader& file, const std::string& name, const Json& value) {
  if (value.is_string()) {
    for (const auto& [word, type] : kTypes) {
      if (value.get_ref<const std::string&>() == word) {
        return type;
      }
    }
  }
  fail(file, "tensor `" + name + "` has the unknown dtype " + value.dump());
}

Entry parse_entry(const FileReader& file, const std::string& name, const Json& value,
                  std::uint64_t data_size) {
  const auto is_count = [](const Json& number) { return number.is_number_unsigned(); };
  if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets")) {
    fail(file, "tensor `" + name + "` lacks `dtype`, `shape` or `data_offsets`");
  }
  const Json& shape = value["shape"];
  const Json& offsets = value["data_offsets"];
  if (!shape.is_array() || !std::ranges::all_of(shape, is_count) || !offsets.is_array() ||
      offsets.size() != 2 || !std::ranges::all_of(offsets, is_count)) {
    fail(file, "tensor `" + name + "` has sizes or offsets that are not counts");
  }
  Entry entry{.name = name, .type = type_of(file, name, value["dtype"])};
  entry.begin = offsets[0].get<std::uint64_t>();
  const auto end = offsets[1].get<std::uint64_t>();
  if (entry.begin > end || end > data_size) {
    fail(file, "tensor `" + name + "` ends at byte " + std::to_string(end) + " of " +
                   std::to_string(data_size));
  }
  entry.bytes = end - entry.begin;
  // A zero extent must not hide others whose product no tensor can have.
  std::uint64_t span = c10::elementSize(entry.type);
  bool empty = false;
  for (const Json& size : shape) {
    const auto extent = size.get<std::uint64_t>();
    empty = empty || extent == 0;
    if (__builtin_mul_overflow(span, std::max<std::uint64_t>(extent, 1), &span) ||
        span > std::uint64_t{INT64_MAX}) {
      fail(file, "tensor `" + name + "` has the impossible shape " + shape.dump());
    }
    entry.shape.push_back(static_cast<std::int64_t>(extent));
  }
  const std::uint64_t expected = empty ? 0 : span;
  if (expected != entry.bytes) {
    fail(file, "tensor `" + name + "` of shape " + shape.dump() + " needs " +
                   std::to_string(expected) + " bytes, but has " + std::to_string(entry.bytes));
  }
  return entry;
}

std::vector<Entry> parse_header(FileReader& file, std::uint64_t& data_begin) {
  const std::string prefix = file.read(0, 8, "the header's length");
  const std::uint64_t length = little_endian(prefix.data(), 8);
  const std::string text = file.read(8, length, "the header");
  const Json header = Json::parse(text, nullptr, false);
  if (!header.is_object()) {
    fail(file, "its header is not a JSON object");
  }
  data_begin = 8 + length;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") {
      entries.push_back(parse_entry(file, name, value, file.size() - data_begin));
    }
  }
  std::ranges::stable_sort(entries, {}, &Entry::begin);
  return entries;
}

}  // namespace

StateDict read_safetensors(const std::filesystem::path& path) {
  FileReader file(path);
  std::uint64_t data_begin = 0;
  StateDict result;
  for (const Entry& entry : parse_header(file, data_begin)) {
    at::Tensor tensor = at::empty(entry.shape, entry.type);
    file.read_into(data_begin + entry.begin, entry.bytes, tensor.data_ptr(),
                   "tensor `" + entry.name + "`");
    result.add(entry.name, std::move(tensor));
  }
  return result;
}

void write_safetensors(const std::filesystem::path& path, const StateDict& tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  std::vector<at::Tensor> contiguous;
  std::uint64_t total = 0;
  for (const auto& [name, tensor] : tensors) {
    const auto* type = std::ranges::find(kTypes, tensor.scalar_type(),
                                         &std::pair<std::string_view, at::ScalarType>::second);
    if (type == std::end(kTypes)) {
      throw Error("checkpoint.bad-dtype", "tensor `" + name + "` has the element type " +
                                              c10::toString(tensor.scalar_type()) +
                                              ", which safetensors cannot hold");
    }
    contiguous.push_back(tensor.detach().cpu().contiguous());
    const std::uint64_t end = total + contiguous.back().nbytes();
    header[name] = {
        {"dtype", type->first}, {"shape", tensor.sizes().vec()}, {"data_offsets", {total, end}}};
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
