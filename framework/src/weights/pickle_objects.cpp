// SPDX-License-Identifier: Apache-2.0
// The part of the interpreter that decides what a pickle may build.
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <span>

#include "weights/pickle.hpp"
#include "weights/weight_readers.hpp"

namespace ncmlab {
namespace {

constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildTypedTensor = "torch._utils._rebuild_tensor_v3";
constexpr std::string_view kRebuildParameter = "torch._utils._rebuild_parameter";

/// The classes of storages; ncmlab does not compute with those that have a `foreign` type.
struct StorageClass {
  std::string_view name;
  at::ScalarType type = at::kByte;
  std::string_view foreign = {};
  std::uint8_t element_size = 1;
};
constexpr StorageClass kStorages[] = {{"torch.FloatStorage", at::kFloat, {}, 4},
                                      {"torch.HalfStorage", at::kHalf, {}, 2},
                                      {"torch.BFloat16Storage", at::kBFloat16, {}, 2},
                                      {"torch.DoubleStorage", at::kDouble, {}, 8},
                                      {"torch.LongStorage", at::kLong, {}, 8},
                                      {"torch.IntStorage", at::kInt, {}, 4},
                                      {"torch.ShortStorage", at::kShort, {}, 2},
                                      {"torch.CharStorage", at::kChar, {}, 1},
                                      {"torch.ByteStorage", at::kByte, {}, 1},
                                      {"torch.BoolStorage", at::kBool, {}, 1},
                                      {"torch.ComplexFloatStorage", at::kByte, "C64", 8},
                                      {"torch.ComplexDoubleStorage", at::kByte, "C128", 16},
                                      {"torch.storage.UntypedStorage", at::kByte, {}, 1}};

/// The types of _rebuild_tensor_v3, which have no class of storages: tensors lie in bytes.
constexpr StorageClass kTypes[] = {{"torch.uint16", at::kByte, "U16", 2},
                                   {"torch.uint32", at::kByte, "U32", 4},
                                   {"torch.uint64", at::kByte, "U64", 8},
                                   {"torch.float8_e4m3fn", at::kByte, "F8_E4M3", 1},
                                   {"torch.float8_e5m2", at::kByte, "F8_E5M2", 1},
                                   {"torch.float8_e8m0fnu", at::kByte, "F8_E8M0", 1},
                                   {"torch.float8_e4m3fnuz", at::kByte, "F8_E4M3FNUZ", 1},
                                   {"torch.float8_e5m2fnuz", at::kByte, "F8_E5M2FNUZ", 1}};

const StorageClass* find(std::span<const StorageClass> classes, std::string_view name) {
  const auto found = std::ranges::find(classes, name, &StorageClass::name);
  return found == classes.end() ? nullptr : &*found;
}

/// The constant that spells `module.name`; empty when no pickle may name it.
std::string_view allowed_global(std::string_view module, std::string_view name) {
  const auto spells = [&](std::string_view full) {
    return full.size() == module.size() + 1 + name.size() && full.starts_with(module) &&
           full[module.size()] == '.' && full.ends_with(name);
  };
  for (const std::string_view callable :
       {kOrderedDict, kRebuildTensor, kRebuildTypedTensor, kRebuildParameter}) {
    if (spells(callable)) {
      return callable;
    }
  }
  for (const std::span<const StorageClass> classes :
       {std::span<const StorageClass>(kStorages), std::span<const StorageClass>(kTypes)}) {
    const auto found = std::ranges::find_if(
        classes, [&](const StorageClass& storage) { return spells(storage.name); });
    if (found != classes.end()) {
      return found->name;
    }
  }
  return {};
}

}  // namespace

void PickleInterpreter::push_global(std::string_view module, std::string_view name) {
  const std::string_view allowed = allowed_global(module, name);
  if (allowed.empty()) {
    refuse("`" + std::string(module) + "." + std::string(name) + "`");
  }
  PickleValue& made = make(Kind::global);
  made.text = allowed;
  push(made);
}

void PickleInterpreter::push_persistent() {
  top(Kind::sequence, "the description of a storage");
  const auto& parts = pop().items;
  const bool whole = parts.size() == 5 || (parts.size() == 6 && parts[5]->kind == Kind::none);
  if (!whole || parts[0]->text != "storage" || parts[1]->kind != Kind::global ||
      find(kStorages, parts[1]->text) == nullptr || parts[2]->kind != Kind::text ||
      parts[4]->kind != Kind::integer || parts[4]->integer < 0) {
    fail("the description of a storage is not one");
  }
  PickleValue& made = make(Kind::storage);
  const StorageClass& storage = *find(kStorages, parts[1]->text);
  made.type = storage.type;
  made.foreign_type = storage.foreign;
  made.element_size = storage.element_size;
  made.text = parts[2]->text;
  made.integer = parts[4]->integer;
  storages_.push_back(&made);
  push(made);
}

void PickleInterpreter::reduce() {
  top(Kind::sequence, "a call's arguments");
  const PickleValue& arguments = pop();
  const std::string_view callee = top(Kind::global, "a name to call").text;
  pop();
  if (callee == kOrderedDict && arguments.items.empty()) {
    push(make(Kind::dictionary));
  } else if (callee == kRebuildTensor) {
    push(rebuild_tensor(arguments));
  } else if (callee == kRebuildTypedTensor && arguments.items.size() >= 7 &&
             find(kTypes, arguments.items[6]->text) != nullptr) {
    PickleValue& tensor = rebuild_tensor(arguments);
    const PickleValue& storage = *tensor.items.front();
    if (storage.type != at::kByte || !storage.foreign_type.empty()) {
      fail("expected the bytes of an UntypedStorage or a ByteStorage for a tensor of type `" +
           std::string(arguments.items[6]->text) + "`, found elements of another type");
    }
    const StorageClass& type = *find(kTypes, arguments.items[6]->text);
    tensor.foreign_type = type.foreign;
    tensor.element_size = type.element_size;
    push(tensor);
  } else if (callee == kRebuildParameter && !arguments.items.empty() &&
             arguments.items[0]->kind == Kind::tensor) {
    push(*arguments.items[0]);
  } else {
    refuse("calling `" + std::string(callee) + "` with " + std::to_string(arguments.items.size()) +
           " arguments");
  }
}

void PickleInterpreter::build() {
  // The `_metadata` that PyTorch hangs on a state dict says nothing about the tensors.
  pop();
  if (stack_.empty() || stack_.back()->kind != Kind::dictionary) {
    refuse("setting the state of an object");
  }
}

PickleValue& PickleInterpreter::rebuild_tensor(const PickleValue& arguments) {
  const auto& parts = arguments.items;
  // The number of extents comes first: tensors may share one long tuple, and to look through it for
  // each of them would take time without bound.
  const auto is_counts = [](const PickleValue& value) {
    return value.kind == Kind::sequence && value.items.size() <= kMostDimensions &&
           std::ranges::all_of(value.items, [](const auto* item) {
             return item->kind == Kind::integer && item->integer >= 0;
           });
  };
  if (parts.size() < 4 || parts[0]->kind != Kind::storage || parts[1]->kind != Kind::integer ||
      parts[1]->integer < 0 || !is_counts(*parts[2]) || !is_counts(*parts[3]) ||
      parts[2]->items.size() != parts[3]->items.size()) {
    fail("the description of a tensor is not one, or it has more than " +
         std::to_string(kMostDimensions) + " dimensions");
  }
  PickleValue& made = make(Kind::tensor);
  // Copies, for a list can still grow.
  made.items = {parts[0]};
  made.items.insert(made.items.end(), parts[2]->items.begin(), parts[2]->items.end());
  made.items.insert(made.items.end(), parts[3]->items.begin(), parts[3]->items.end());
  made.integer = parts[1]->integer;
  made.foreign_type = parts[0]->foreign_type;
  made.element_size = parts[0]->element_size;
  return made;
}

}  // namespace ncmlab
