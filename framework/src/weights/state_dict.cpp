// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/weights/state_dict.hpp"

#include <torch/types.h>

#include <algorithm>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/wording.hpp"

namespace ncmlab {

void StateDict::add(std::string name, at::Tensor tensor) {
  items_.emplace_back(std::move(name), std::move(tensor));
}

const at::Tensor* StateDict::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(items_, [&](const Item& item) { return item.first == name; });
  return found == items_.end() ? nullptr : &found->second;
}

const at::Tensor& StateDict::at(std::string_view name) const {
  if (const at::Tensor* tensor = find(name)) {
    return *tensor;
  }
  std::vector<std::string> names;
  names.reserve(items_.size());
  for (const auto& item : items_) {
    names.push_back(item.first);
  }
  throw Error("checkpoint.missing-tensor", "the weights have no tensor `" + std::string(name) + "`",
              similar_name("tensor", name, names));
}

StateDict StateDict::below(std::string_view prefix) const {
  StateDict result;
  for (const auto& [name, tensor] : items_) {
    if (name.starts_with(prefix)) {
      result.add(name.substr(prefix.size()), tensor);
    }
  }
  return result;
}

StateDict StateDict::clone() const {
  StateDict result;
  for (const auto& [name, tensor] : items_) {
    result.add(name, tensor.detach().clone());
  }
  return result;
}

}  // namespace ncmlab
