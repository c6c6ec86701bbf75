// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/inspect.hpp"

#include <torch/types.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "checkpoint/ascii_json.hpp"
#include "checkpoint/tensor_text.hpp"
#include "core/printable.hpp"
#include "weights/shape_text.hpp"

namespace ncmlab {
namespace {

struct Totals {
  std::size_t tensors = 0;
  std::int64_t numbers = 0;
};

std::map<TensorRole, Totals> totals_of(const std::vector<NamedTensor>& tensors) {
  std::map<TensorRole, Totals> result;
  for (const NamedTensor& each : tensors) {
    Totals& totals = result[each.role];
    ++totals.tensors;
    totals.numbers += c10::multiply_integers(shape_of(each.tensor));
  }
  return result;
}

std::string model_text(const Checkpoint& checkpoint) {
  if (checkpoint.architecture == nullptr) {
    return "unknown: no tensor has the name of a model that ncmlab knows";
  }
  return std::string(checkpoint.architecture->model_type) + " (" +
         std::string(checkpoint.architecture->base_class) + ")" +
         (checkpoint.config.empty() ? ", by the names of its tensors: there is no config.json"
                                    : "");
}

std::string padded(std::string_view text, std::size_t width) {
  return std::string(text) + std::string(width > text.size() ? width - text.size() : 0, ' ');
}

}  // namespace

std::string inspect_text(const Checkpoint& checkpoint) {
  const std::vector<NamedTensor> tensors = name_tensors(checkpoint);
  std::string text = "source   " + printable(checkpoint.source.string()) + "\nmodel    " +
                     model_text(checkpoint) + "\n";
  for (const auto& [role, totals] : totals_of(tensors)) {
    text += padded(to_string(role), 9) + std::to_string(totals.tensors) + " tensors, " +
            std::to_string(totals.numbers) + " numbers\n";
  }
  std::vector<std::array<std::string, 4>> rows = {{"name", "shape", "type", "role"}};
  for (const NamedTensor& each : tensors) {
    rows.push_back({printable(each.stored_name), shape_text(shape_of(each.tensor)),
                    type_name(each.tensor), std::string(to_string(each.role))});
  }
  std::array<std::size_t, 4> widths = {0, 0, 8, 0};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  text += "\n";
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += (i > 0 ? "  " : "") + padded(row[i], widths[i]);
    }
    text += "\n";
  }
  return text;
}

std::string inspect_json(const Checkpoint& checkpoint) {
  nlohmann::ordered_json lines = nlohmann::ordered_json::array();
  for (const NamedTensor& each : name_tensors(checkpoint)) {
    lines.push_back({{"name", each.stored_name},
                     {"role", to_string(each.role)},
                     {"shape", shape_of(each.tensor)},
                     {"type", type_name(each.tensor)}});
  }
  nlohmann::ordered_json json = {{"source", checkpoint.source.string()}};
  json["model_type"] = nullptr;
  if (checkpoint.architecture != nullptr) {
    json["model_type"] = checkpoint.architecture->model_type;
  }
  json["config"] = nullptr;
  if (!checkpoint.config.empty()) {
    json["config"] = nlohmann::ordered_json::parse(checkpoint.config);
  }
  json["tensors"] = std::move(lines);
  return ascii_json(json);
}

void check_against_config(const Checkpoint& checkpoint) {
  if (checkpoint.config.empty()) {
    return;
  }
  const SplitWeights split = split_weights(*checkpoint.architecture, checkpoint.weights);
  make_encoder(checkpoint.config, checkpoint.config_file.string(), checkpoint.architecture->pooling,
               split.encoder);
}

}  // namespace ncmlab
