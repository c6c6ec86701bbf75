// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/recorded_case.hpp"

#include <torch/types.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <numeric>

#include "checkpoint/checkpoint.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/json_depth.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

[[noreturn]] void bad_case(const fs::path& folder, const std::string& what) {
  throw Error("checkpoint.bad-case", "`" + (folder / "case.json").string() + "` " + what,
              {"`framework/docs/checkpoints.md` says how to make a case"});
}

Json read_json(const fs::path& folder) {
  const std::string text = read_file(folder / "case.json");
  if (const std::string deep = too_deep_json(text); !deep.empty()) {
    bad_case(folder, "is no case: " + deep);
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    bad_case(folder, "is no valid JSON at byte " + std::to_string(error.byte));
  } catch (const Json::out_of_range&) {
    bad_case(folder, "holds a number out of range");
  }
}

/// The field `name`, as a T.
template <typename T>
T field(const fs::path& folder, const Json& json, const char* name) {
  if (json.is_object() && json.contains(name)) {
    try {
      return json[name].get<T>();
    } catch (const Json::exception&) {
    }
  }
  bad_case(folder, "has no valid `" + std::string(name) + "`");
}

/// The whole number that is, or is in, the field `name`; get() would convert others.
std::int64_t integer(const fs::path& folder, const Json& value, const char* name) {
  const bool fits =
      value.is_number_integer() &&
      (!value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  if (!fits) {
    bad_case(folder, "has no valid `" + std::string(name) + "`: expected whole numbers of 64 bits");
  }
  return value.get<std::int64_t>();
}

std::int64_t integer_field(const fs::path& folder, const Json& json, const char* name) {
  return integer(folder, field<Json>(folder, json, name), name);
}

Pooling pooling_of(const fs::path& folder, const std::string& word) {
  const auto pooling = from_string<Pooling>(word);
  if (!pooling) {
    bad_case(folder, "names the unknown pooling `" + word + "`");
  }
  return *pooling;
}

HeadShape head_shape(const fs::path& folder, const std::string& task, std::int64_t hidden) {
  HeadShape shape;
  if (task == "code_search") {
    shape = HeadShape::for_search();
  } else if (task == "clone_detection") {
    shape.inputs = shape.logits = 2;
  } else if (task != "defect_detection") {
    bad_case(folder, "names the unknown task `" + task +
                         "`; known are `defect_detection`, `clone_detection` and `code_search`");
  }
  shape.hidden = hidden;
  shape.dropout = 0;
  return shape;
}

void read_batch(const fs::path& folder, const Json& json, RecordedCase& result) {
  const StateDict inputs = read_safetensors(folder / "inputs.safetensors");
  std::vector<std::int64_t> lengths;
  for (const Json& length : field<std::vector<Json>>(folder, json, "lengths")) {
    lengths.push_back(integer(folder, length, "lengths"));
  }
  const at::Tensor& ids = inputs.at("input_ids");
  if (ids.dim() != 2 || ids.scalar_type() != at::kLong || ids.size(0) != std::ssize(lengths) ||
      lengths.empty()) {
    bad_case(folder, "gives " + std::to_string(lengths.size()) +
                         " lengths, which do not fit `input_ids` of `inputs.safetensors`");
  }
  result.batch = {.ids = ids, .lengths = at::tensor(lengths), .embeddings = {}};
  result.labels = inputs.at("labels");
  if (json.contains("pad_token_id")) {
    result.pad_id = integer_field(folder, json, "pad_token_id");
  }
  result.row_order.resize(lengths.size());
  std::iota(result.row_order.begin(), result.row_order.end(), 0);
  if (result.task == "code_search") {
    // The case has all queries and then all code, the head wants pairs.
    const std::int64_t pairs = std::ssize(lengths) / 2;
    for (std::int64_t i = 0; i < 2 * pairs; ++i) {
      result.row_order[static_cast<std::size_t>(i)] = i / 2 + (i % 2) * pairs;
    }
    result.labels = at::arange(pairs);
  }
}

void read_training(const fs::path& folder, const Json& json, RecordedCase& result) {
  const fs::path after = folder / "after_3_steps.safetensors";
  if (!fs::exists(after)) {
    return;
  }
  result.after_training = read_safetensors(after);
  const auto settings = field<Json>(folder, json, "optimizer");
  result.training.learning_rate = field<double>(folder, settings, "peak_lr");
  result.training.adam_eps = field<double>(folder, settings, "eps");
  result.training.weight_decay = field<double>(folder, settings, "weight_decay");
  result.training.max_grad_norm = field<double>(folder, settings, "max_grad_norm");
  result.warmup_steps = integer_field(folder, settings, "warmup_steps");
  result.total_steps = integer_field(folder, settings, "total_steps");
  result.steps = integer_field(folder, settings, "steps_taken");
}

}  // namespace

StateDict RecordedCase::parameters() const {
  StateDict result;
  for (const auto& [name, tensor] : encoder->parameters()) {
    result.add("encoder." + name, tensor);
  }
  for (const auto& [name, tensor] : head.front().parameters()) {
    result.add("classifier." + name, tensor);
  }
  return result;
}

RecordedCase read_recorded_case(const fs::path& folder) {
  const Json json = read_json(folder);
  RecordedCase result;
  result.task = field<std::string>(folder, json, "task");
  fs::path config = folder / "hf" / "config.json";
  if (!fs::exists(config)) {
    config = folder / "config.json";
  }
  const Checkpoint checkpoint = read_checkpoint(folder, config);
  result.architecture = checkpoint.architecture->model_type;
  const SplitWeights split = split_weights(*checkpoint.architecture, checkpoint.weights);
  const Pooling pooling = pooling_of(folder, field<std::string>(folder, json, "pooling"));
  result.encoder = make_encoder(checkpoint.config, config.string(), pooling, split.encoder);
  const HeadShape shape = head_shape(folder, result.task, result.encoder->shape().hidden);
  result.head.emplace_back(shape, split.head);
  read_batch(folder, json, result);
  result.expected = read_safetensors(folder / "expected.safetensors");
  read_training(folder, json, result);
  return result;
}

}  // namespace ncmlab
