// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <span>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/weights/state_dict.hpp"
#include "weights/foreign_elements.hpp"
#include "weights/pickle.hpp"
#include "weights/weight_readers.hpp"
#include "weights/zip_archive.hpp"

namespace ncmlab {
namespace {

using Kind = PickleValue::Kind;
using Storages = std::map<std::string, at::Tensor>;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& what) {
  throw Error("checkpoint.bad-tensor", "`" + file.string() + "` is damaged: " + what,
              {"copy or download the file again"});
}

/// The bytes of `count` elements, or a failure that names the storage.
std::uint64_t storage_bytes(const std::filesystem::path& file, const PickleValue& storage) {
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::uint64_t>(storage.integer),
                             std::uint64_t{storage.element_size}, &bytes)) {
    fail(file, "storage `" + std::string(storage.text) + "` is larger than any memory");
  }
  return bytes;
}

/// Room for `bytes` = storage_bytes() of a storage.
at::Tensor empty_storage(const PickleValue& storage, std::uint64_t bytes) {
  return at::empty({static_cast<std::int64_t>(bytes / c10::elementSize(storage.type))},
                   storage.type);
}

std::vector<std::int64_t> counts(std::span<PickleValue* const> items) {
  std::vector<std::int64_t> result;
  for (const PickleValue* item : items) {
    result.push_back(item->integer);
  }
  return result;
}

/// A view of the storage, checked to lie within it.
at::Tensor view_of(const std::filesystem::path& file, const std::string& name,
                   const at::Tensor& storage, const PickleValue& tensor) {
  const std::size_t dimensions = (tensor.items.size() - 1) / 2;
  const std::span<PickleValue* const> items = std::span(tensor.items).subspan(1);
  const std::vector<std::int64_t> sizes = counts(items.first(dimensions));
  const std::vector<std::int64_t> strides = counts(items.last(dimensions));
  const bool is_foreign = !tensor.foreign_type.empty();
  const std::int64_t elements =
      is_foreign ? storage.numel() / tensor.element_size : storage.numel();
  std::int64_t count = 1;
  std::int64_t last = tensor.integer;
  bool fits = true;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::int64_t reach = 0;
    // A zero extent must not hide others whose product no tensor can have.
    const std::int64_t extent = std::max<std::int64_t>(sizes[i], 1);
    fits = fits && !__builtin_mul_overflow(count, extent, &count) &&
           !__builtin_mul_overflow(extent - 1, strides[i], &reach) &&
           !__builtin_add_overflow(last, reach, &last);
  }
  const bool empty = std::ranges::find(sizes, 0) != sizes.end();
  fits = fits && (empty ? tensor.integer <= elements : last < elements && count <= elements);
  if (!fits) {
    fail(file, "tensor `" + name + "` reaches beyond its storage of " + std::to_string(elements) +
                   " elements");
  }
  if (!is_foreign) {
    return empty ? at::empty(sizes, storage.options())
                 : storage.as_strided(sizes, strides, tensor.integer);
  }
  std::vector<std::int64_t> byte_sizes = sizes;
  std::vector<std::int64_t> byte_strides;
  for (const std::int64_t stride : strides) {
    // Where an extent is 1, a stride may be of any size.
    std::int64_t bytes = 0;
    byte_strides.push_back(
        __builtin_mul_overflow(stride, std::int64_t{tensor.element_size}, &bytes) ? 0 : bytes);
  }
  byte_sizes.push_back(tensor.element_size);
  byte_strides.push_back(1);
  const std::int64_t begin = empty ? 0 : tensor.integer * tensor.element_size;
  return foreign_tensor({.type = std::string(tensor.foreign_type),
                         .shape = sizes,
                         .bytes = empty ? at::empty({0}, at::kByte)
                                        : storage.as_strided(byte_sizes, byte_strides, begin)});
}

using StorageReader = std::function<const at::Tensor&(const PickleValue& storage)>;

/// Gathers the tensors of a dictionary; dictionaries in it nest with dots, other values are left
/// out.
class Collector {
 public:
  /// `pickle_size` bounds what the pickle can sensibly describe.
  Collector(const std::filesystem::path& file, std::size_t pickle_size, StorageReader storage)
      : file_(file), most_tensors_(pickle_size / 16 + 1), storage_(std::move(storage)) {}

  StateDict collect(const PickleValue& root) {
    if (root.kind != Kind::dictionary) {
      throw Error("checkpoint.bad-pickle",
                  "`" + file_.string() + "` holds something else than a dictionary of tensors",
                  {"save the weights with torch.save(model.state_dict(), \"pytorch_model.bin\")"});
    }
    add(root, "", 0);
    return std::move(result_);
  }

 private:
  static constexpr std::size_t kLongestName = 1000;

  void add(const PickleValue& dictionary, const std::string& prefix, int depth) {
    constexpr int kDeepest = 16;
    if (depth > kDeepest || !seen_.insert(&dictionary).second) {
      fail(file_, "the dictionary `" + prefix + "` nests too deep or occurs twice");
    }
    for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2) {
      const PickleValue& key = *dictionary.items[i];
      const PickleValue& item = *dictionary.items[i + 1];
      const std::string name = prefix + std::string(key.text);
      if (name.size() > kLongestName || names_.size() > most_tensors_) {
        fail(file_, "it names more than any model has, or at greater length");
      }
      if (key.kind == Kind::text && item.kind == Kind::dictionary) {
        add(item, name + ".", depth + 1);
      } else if (key.kind == Kind::text && item.kind == Kind::tensor) {
        if (!names_.insert(name).second) {
          fail(file_, "two tensors are called `" + name + "`");
        }
        result_.add(name, view_of(file_, name, storage_(*item.items[0]), item));
      }
    }
  }

  const std::filesystem::path& file_;
  std::size_t most_tensors_;
  StorageReader storage_;
  StateDict result_;
  std::set<const PickleValue*> seen_;
  std::set<std::string> names_;
};

/// The storage `key` if it was read before, and then as the same type and size.
const at::Tensor* known(const std::filesystem::path& file, const Storages& storages,
                        const PickleValue& storage) {
  const auto found = storages.find(std::string(storage.text));
  if (found == storages.end()) {
    return nullptr;
  }
  if (found->second.scalar_type() != storage.type ||
      found->second.nbytes() != storage_bytes(file, storage)) {
    fail(file, "storage `" + found->first + "` is described in two ways");
  }
  return &found->second;
}

StateDict read_zip(FileReader& reader) {
  const std::filesystem::path& file = reader.path();
  ZipArchive archive(reader);
  const std::string pickle_name = archive.name_ending("/data.pkl");
  const std::string root = pickle_name.substr(0, pickle_name.size() - std::strlen("data.pkl"));
  if (archive.entries().contains(root + "byteorder") &&
      archive.read(root + "byteorder") != "little") {
    fail(file, "its numbers are big-endian, which ncmlab does not read");
  }
  const std::string pickle = archive.read(pickle_name);
  PickleInterpreter interpreter(pickle, file.string());
  Storages storages;
  const auto storage = [&](const PickleValue& wanted) -> const at::Tensor& {
    if (const at::Tensor* read = known(file, storages, wanted)) {
      return *read;
    }
    const std::string name = root + "data/" + std::string(wanted.text);
    const std::uint64_t bytes = storage_bytes(file, wanted);
    if (bytes > archive.size_of(name)) {
      fail(file, "storage `" + name + "` has " + std::to_string(archive.size_of(name)) +
                     " bytes, but its tensors need " + std::to_string(bytes));
    }
    at::Tensor tensor = empty_storage(wanted, bytes);
    archive.read_into(name, bytes, tensor.data_ptr());
    return storages.emplace(std::string(wanted.text), std::move(tensor)).first->second;
  };
  return Collector(file, pickle.size(), storage).collect(interpreter.read());
}

/// The format of torch.save before PyTorch 1.6: five pickles (magic number, protocol, system,
/// object, storage keys), then for each key the number of elements and their bytes.
StateDict read_legacy(FileReader& reader) {
  const std::filesystem::path& file = reader.path();
  constexpr std::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
  const std::string bytes = reader.read(0, reader.size(), "the pickle");
  PickleInterpreter interpreter(bytes, file.string());
  if (interpreter.read().text != kMagic) {
    throw Error("checkpoint.bad-pickle", "`" + file.string() + "` was not written by torch.save",
                {"name a `pytorch_model.bin` or a `model.safetensors`"});
  }
  interpreter.read();
  interpreter.read();
  const PickleValue& root = interpreter.read();
  const PickleValue& keys = interpreter.read();
  std::map<std::string_view, const PickleValue*> described;
  for (const PickleValue* storage : interpreter.storages()) {
    described.emplace(storage->text, storage);
  }
  Storages storages;
  std::uint64_t at = interpreter.position();
  for (const PickleValue* key : keys.items) {
    const auto found = described.find(key->text);
    const std::string name(key->text);
    if (found == described.end()) {
      fail(file, "storage `" + name + "` belongs to no tensor");
    }
    const PickleValue& storage = *found->second;
    reader.check_range(at, 8, "the size of storage `" + name + "`");
    if (little_endian(bytes.data() + at, 8) != static_cast<std::uint64_t>(storage.integer)) {
      fail(file, "storage `" + name + "` is described with two sizes");
    }
    at += 8;
    const std::uint64_t size = storage_bytes(file, storage);
    reader.check_range(at, size, "storage `" + name + "`");
    at::Tensor tensor = empty_storage(storage, size);
    std::memcpy(tensor.data_ptr(), bytes.data() + at, size);
    storages.emplace(name, std::move(tensor));
    at += size;
  }
  const auto storage_of = [&](const PickleValue& wanted) -> const at::Tensor& {
    const at::Tensor* tensor = known(file, storages, wanted);
    if (tensor == nullptr) {
      fail(file, "storage `" + std::string(wanted.text) + "` is missing");
    }
    return *tensor;
  };
  return Collector(file, bytes.size(), storage_of).collect(root);
}

}  // namespace

StateDict read_torch_pickle(FileReader& file) {
  return ZipArchive::looks_like_zip(file) ? read_zip(file) : read_legacy(file);
}

StateDict read_torch_pickle(const std::filesystem::path& path) {
  FileReader file(path);
  return read_torch_pickle(file);
}

}  // namespace ncmlab
