// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/json_depth.hpp"
#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndexSuffix = ".index.json";
constexpr const char* kHeadFile = "classifier.safetensors";
constexpr std::string_view kHeadPrefix = "classifier.";

StateDict read_one(const fs::path& file) {
  return file.extension() == ".safetensors" ? read_safetensors(file) : read_torch_pickle(file);
}

[[noreturn]] void bad_index(const fs::path& index, const std::string& what) {
  throw Error("checkpoint.bad-index", "`" + index.string() + "` does not fit its shards: " + what,
              {"copy or download the whole folder again"});
}

/// The file of each tensor, as `weight_map` of an index says.
std::map<std::string, std::string> weight_map(const fs::path& index) {
  const std::string text = read_file(index);
  if (const std::string deep = too_deep_json(text); !deep.empty()) {
    bad_index(index, deep);
  }
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("weight_map") || !parsed["weight_map"].is_object()) {
    bad_index(index, "it has no object `weight_map`");
  }
  std::map<std::string, std::string> result;
  for (const auto& [name, file] : parsed["weight_map"].items()) {
    if (!file.is_string()) {
      bad_index(index, "the file of tensor `" + name + "` is " + file.dump());
    }
    const fs::path shard = file.get<std::string>();
    if (shard.empty() || shard != shard.filename() || shard == "..") {
      bad_index(index, "the file of tensor `" + name + "` is `" + shard.string() +
                           "`, which is not the name of a file beside it");
    }
    result.emplace(name, shard.string());
  }
  return result;
}

StateDict read_shards(const fs::path& index) {
  const std::map<std::string, std::string> files = weight_map(index);
  std::set<std::string> shards;
  for (const auto& [name, file] : files) {
    shards.insert(file);
  }
  StateDict result;
  std::set<std::string> found;
  for (const std::string& shard : shards) {
    for (const auto& [name, tensor] : read_one(index.parent_path() / shard)) {
      const auto expected = files.find(name);
      if (expected == files.end() || expected->second != shard) {
        bad_index(index,
                  "tensor `" + name + "` lies in `" + shard + "`, where it does not expect it");
      }
      result.add(name, tensor);
      found.insert(name);
    }
  }
  for (const auto& [name, file] : files) {
    if (!found.contains(name)) {
      bad_index(index, "tensor `" + name + "` is not in `" + file + "`");
    }
  }
  return result;
}

/// `weights` with the head that a folder keeps in a file of its own.
StateDict with_head(StateDict weights, const fs::path& head_file) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : weights) {
    names.insert(name);
  }
  for (const auto& [name, tensor] : read_safetensors(head_file)) {
    const std::string full = std::string(kHeadPrefix) + name;
    if (names.contains(full)) {
      throw Error("checkpoint.two-heads",
                  "both `" + head_file.string() + "` and the weights beside it hold the head's `" +
                      name + "`",
                  {"remove one of them"});
    }
    weights.add(full, tensor);
  }
  return weights;
}

}  // namespace

StateDict read_weights(const fs::path& folder_or_file) {
  if (!fs::is_directory(folder_or_file)) {
    const std::string name = folder_or_file.filename().string();
    return name.ends_with(kIndexSuffix) ? read_shards(folder_or_file) : read_one(folder_or_file);
  }
  for (const char* name : {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                           "pytorch_model.bin.index.json", "model.bin"}) {
    if (fs::exists(folder_or_file / name)) {
      StateDict weights = read_weights(folder_or_file / name);
      const fs::path head_file = folder_or_file / kHeadFile;
      return fs::exists(head_file) ? with_head(std::move(weights), head_file) : weights;
    }
  }
  throw Error("checkpoint.no-weights",
              "`" + folder_or_file.string() +
                  "` holds no weights: expected `model.safetensors`, `pytorch_model.bin`, an "
                  "index of shards or `model.bin`",
              {"name a folder that Hugging Face's save_pretrained wrote"});
}

}  // namespace ncmlab
