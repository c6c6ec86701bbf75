// SPDX-License-Identifier: Apache-2.0
// The part of the interpreter that decides what a pickle may build.
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <optional>

#include "nn/pickle.hpp"

namespace ncmlab {
namespace {

constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter = "torch._utils._rebuild_parameter";

constexpr std::pair<std::string_view, at::ScalarType> kStorages[] = {
    {"torch.FloatStorage", at::kFloat},       {"torch.HalfStorage", at::kHalf},
    {"torch.BFloat16Storage", at::kBFloat16}, {"torch.DoubleStorage", at::kDouble},
    {"torch.LongStorage", at::kLong},         {"torch.IntStorage", at::kInt},
    {"torch.ShortStorage", at::kShort},       {"torch.CharStorage", at::kChar},
    {"torch.ByteStorage", at::kByte},         {"torch.BoolStorage", at::kBool}};

std::optional<at::ScalarType> storage_type(std::string_view name) {
  const auto* found =
      std::ranges::find(kStorages, name, &std::pair<std::string_view, at::ScalarType>::first);
  return found == std::end(kStorages) ? std::nullopt : std::optional(found->second);
}

/// The constant that spells `module.name`; empty when no pickle may name it.
std::string_view allowed_global(std::string_view module, std::string_view name) {
  const auto spells = [&](std::string_view full) {
    return full.size() == module.size() + 1 + name.size() && full.starts_with(module) &&
           full[module.size()] == '.' && full.ends_with(name);
  };
  for (const std::string_view callable : {kOrderedDict, kRebuildTensor, kRebuildParameter}) {
    if (spells(callable)) {
      return callable;
    }
  }
  const auto* found =
      std::ranges::find_if(kStorages, [&](const auto& storage) { return spells(storage.first); });
  return found == std::end(kStorages) ? std::string_view() : found->first;
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
      !storage_type(parts[1]->text) || parts[2]->kind != Kind::text ||
      parts[4]->kind != Kind::integer || parts[4]->integer < 0) {
    fail("the description of a storage is not one");
  }
  PickleValue& made = make(Kind::storage);
  made.type = *storage_type(parts[1]->text);
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
  const auto is_counts = [](const PickleValue& value) {
    return value.kind == Kind::sequence && std::ranges::all_of(value.items, [](const auto* item) {
             return item->kind == Kind::integer && item->integer >= 0;
           });
  };
  if (parts.size() < 4 || parts[0]->kind != Kind::storage || parts[1]->kind != Kind::integer ||
      parts[1]->integer < 0 || !is_counts(*parts[2]) || !is_counts(*parts[3]) ||
      parts[2]->items.size() != parts[3]->items.size()) {
    fail("the description of a tensor is not one");
  }
  PickleValue& made = make(Kind::tensor);
  made.items = {parts[0], parts[2], parts[3]};
  made.integer = parts[1]->integer;
  return made;
}

}  // namespace ncmlab
