// SPDX-License-Identifier: Apache-2.0
#include <caffe2/serialize/inline_container.h>
#include <torch/types.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {
namespace {

/// The pickle of a dictionary of tensors in protocol 2, with the calls that torch.save writes.
class PickleWriter {
 public:
  void begin() { bytes_ = "\x80\x02}("; }
  void end() { bytes_ += "u."; }

  void text(std::string_view value) {
    bytes_ += 'X';
    number(value.size(), 4);
    bytes_ += value;
  }

  void tensor(const at::Tensor& tensor, std::string_view storage_class, std::string_view key) {
    bytes_ += "ctorch._utils\n_rebuild_tensor_v2\n((";
    text("storage");
    bytes_ += "ctorch\n" + std::string(storage_class) + "\n";
    text(key);
    text("cpu");
    integer(tensor.numel());
    bytes_ += "tQ";
    integer(0);
    tuple(tensor.sizes());
    tuple(tensor.strides());
    bytes_ += "\x89";  // requires_grad
    bytes_ += "ccollections\nOrderedDict\n)RtR";
  }

  const std::string& bytes() const { return bytes_; }

 private:
  void number(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) {
      bytes_ += static_cast<char>(value >> (8 * i) & 0xFF);
    }
  }

  void integer(std::int64_t value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    if (value >= INT32_MIN && value <= INT32_MAX) {
      bytes_ += 'J';
      number(bits, 4);
    } else {
      bytes_ += "\x8a\x08";
      number(bits, 8);
    }
  }

  void tuple(at::IntArrayRef values) {
    bytes_ += '(';
    for (const std::int64_t value : values) {
      integer(value);
    }
    bytes_ += 't';
  }

  std::string bytes_;
};

std::string_view storage_class(const std::string& name, at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return "FloatStorage";
    case at::kHalf:
      return "HalfStorage";
    case at::kBFloat16:
      return "BFloat16Storage";
    case at::kDouble:
      return "DoubleStorage";
    case at::kLong:
      return "LongStorage";
    case at::kInt:
      return "IntStorage";
    case at::kShort:
      return "ShortStorage";
    case at::kChar:
      return "CharStorage";
    case at::kByte:
      return "ByteStorage";
    case at::kBool:
      return "BoolStorage";
    default:
      throw Error("checkpoint.bad-dtype", "tensor `" + name + "` has the element type " +
                                              c10::toString(type) +
                                              ", which a torch pickle of ncmlab cannot hold");
  }
}

}  // namespace

void write_torch_pickle(const std::filesystem::path& path, const StateDict& tensors) {
  PickleWriter pickle;
  pickle.begin();
  std::vector<at::Tensor> storages;
  // Tied tensors share a storage in the file as they do in memory.
  std::vector<std::tuple<const void*, std::int64_t, at::ScalarType>> known;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor whole = tensor.detach().cpu().contiguous();
    const auto identity = std::tuple<const void*, std::int64_t, at::ScalarType>(
        whole.data_ptr(), whole.numel(), whole.scalar_type());
    const auto found = std::ranges::find(known, identity);
    const auto key = static_cast<std::size_t>(found - known.begin());
    if (found == known.end()) {
      known.push_back(identity);
      storages.push_back(whole);
    }
    pickle.text(name);
    pickle.tensor(whole, storage_class(name, whole.scalar_type()), std::to_string(key));
  }
  pickle.end();
  std::string archive;
  caffe2::serialize::PyTorchStreamWriter writer([&](const void* bytes, std::size_t size) {
    archive.append(static_cast<const char*>(bytes), size);
    return size;
  });
  writer.writeRecord("data.pkl", pickle.bytes().data(), pickle.bytes().size());
  for (std::size_t key = 0; key < storages.size(); ++key) {
    writer.writeRecord("data/" + std::to_string(key), storages[key].data_ptr(),
                       storages[key].nbytes());
  }
  writer.writeEndOfFile();
  write_file_atomically(path, archive);
}

}  // namespace ncmlab
