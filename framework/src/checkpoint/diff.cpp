// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/diff.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "checkpoint/ascii_json.hpp"
#include "checkpoint/tensor_text.hpp"
#include "core/printable.hpp"
#include "weights/foreign_elements.hpp"

namespace ncmlab {
namespace {

using Tensors = std::map<std::string, NamedTensor>;

bool is_redundant(const NamedTensor& tensor) {
  return tensor.role == TensorRole::copy || tensor.role == TensorRole::derived;
}

Tensors by_name(const Checkpoint& checkpoint) {
  Tensors result;
  for (NamedTensor& tensor : name_tensors(checkpoint)) {
    result.emplace(tensor.name, std::move(tensor));
  }
  return result;
}

std::optional<double> deviation(const at::Tensor& a, const at::Tensor& b) {
  const bool is_foreign = foreign_elements(a) != nullptr || foreign_elements(b) != nullptr;
  if (is_foreign || a.sizes() != b.sizes()) {
    return std::nullopt;
  }
  if (a.numel() == 0) {
    return 0;
  }
  const at::Tensor x = a.detach().to(at::kDouble);
  const at::Tensor y = b.detach().to(at::kDouble);
  const at::Tensor same = x.eq(y).logical_or(x.isnan().logical_and(y.isnan()));
  return at::where(same, at::zeros_like(x), (x - y).abs()).max().item<double>();
}

}  // namespace

CheckpointDiff diff(const Checkpoint& first, const Checkpoint& second) {
  const Tensors a = by_name(first);
  const Tensors b = by_name(second);
  CheckpointDiff result;
  const auto alone = [&](const NamedTensor& tensor, bool in_first) {
    if (is_redundant(tensor)) {
      result.left_out.push_back(tensor.name);
    } else {
      const std::string here = type_and_shape(tensor.tensor);
      result.differences.push_back({.name = tensor.name,
                                    .first = in_first ? here : "absent",
                                    .second = in_first ? "absent" : here,
                                    .deviation = std::nullopt});
    }
  };
  for (const auto& [name, tensor] : a) {
    const auto found = b.find(name);
    if (found == b.end()) {
      alone(tensor, true);
      continue;
    }
    ++result.compared;
    const at::Tensor& other = found->second.tensor;
    if (!bit_identical(tensor.tensor, other)) {
      result.differences.push_back({.name = name,
                                    .first = type_and_shape(tensor.tensor),
                                    .second = type_and_shape(other),
                                    .deviation = deviation(tensor.tensor, other),
                                    .foreign = foreign_elements(tensor.tensor) != nullptr &&
                                               foreign_elements(other) != nullptr});
    }
  }
  for (const auto& [name, tensor] : b) {
    if (!a.contains(name)) {
      alone(tensor, false);
    }
  }
  return result;
}

std::string to_text(const CheckpointDiff& diff) {
  std::string text;
  if (diff.bit_identical()) {
    text = "bit-identical: " + std::to_string(diff.compared) + " tensors\n";
  }
  for (const TensorDifference& each : diff.differences) {
    text += printable(each.name) + ": ";
    if (each.first != each.second) {
      text += each.first + " and " + each.second;
    } else {
      text += each.first;
    }
    if (each.foreign) {
      text += ", other bytes in a type that ncmlab does not compute with";
    }
    if (each.deviation) {
      text += ", largest difference " + short_number(*each.deviation);
    }
    text += "\n";
  }
  if (!diff.bit_identical()) {
    text += std::to_string(diff.differences.size()) + " of " +
            std::to_string(diff.compared + static_cast<std::size_t>(std::ranges::count_if(
                                               diff.differences,
                                               [](const TensorDifference& each) {
                                                 return each.first == "absent" ||
                                                        each.second == "absent";
                                               }))) +
            " tensors differ\n";
  }
  for (const std::string& name : diff.left_out) {
    text += "left out: " + printable(name) + ", which follows from another tensor or the config\n";
  }
  return text;
}

std::string to_json(const CheckpointDiff& diff) {
  nlohmann::ordered_json differences = nlohmann::ordered_json::array();
  for (const TensorDifference& each : diff.differences) {
    nlohmann::ordered_json line = {
        {"name", each.name}, {"first", each.first}, {"second", each.second}};
    line["max_abs_deviation"] = nullptr;
    if (each.deviation && std::isfinite(*each.deviation)) {
      line["max_abs_deviation"] = *each.deviation;
    }
    differences.push_back(std::move(line));
  }
  const nlohmann::ordered_json json = {{"bit_identical", diff.bit_identical()},
                                       {"compared", diff.compared},
                                       {"differences", std::move(differences)},
                                       {"left_out", diff.left_out}};
  return ascii_json(json);
}

}  // namespace ncmlab
