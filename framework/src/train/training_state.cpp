// SPDX-License-Identifier: Apache-2.0
#include "train/training_state.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "core/parsed_json.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"

namespace ncmlab {

namespace fs = std::filesystem;
using nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EpochRecord, loss, accuracy, validation)

namespace {

constexpr BadJson kDamaged{.code = "checkpoint.training-state"};

// The index is written last and names the files that belong to it.
constexpr const char* kIndex = "training_state.json";
const std::string kParameters = "parameters.", kOptimizer = "optimizer.";

std::string file_name(const char* what, std::size_t epoch) {
  return std::string(what) + "-" + std::to_string(epoch + 1) + ".safetensors";
}

void add_all(StateDict& target, const std::string& prefix, const StateDict& tensors) {
  for (const auto& [name, tensor] : tensors) {
    target.add(prefix + name, tensor);
  }
}

json described(const fs::path& file) {
  return {{"name", file.filename().string()}, {"digest", hash_file(file)}};
}

StateDict read_described(const fs::path& folder, const json& file) {
  const fs::path name = file.at("name").get<std::string>();
  const fs::path path = folder / name.filename();
  if (name != name.filename() || !fs::is_regular_file(path) ||
      hash_file(path) != file.at("digest").get<std::string>()) {
    throw Error("checkpoint.training-state",
                "`" + path.string() + "` does not have the digest that it was written with");
  }
  return read_safetensors(path);
}

TrainingState state_from(const json& index, const fs::path& folder) {
  TrainingState state{
      .epochs = index.at("epochs"),
      .steps = index.at("steps"),
      .work = {.forward_rows = index.at("forward_rows"),
               .backward_rows = index.at("backward_rows")},
      .seconds = index.at("seconds"),
  };
  const StateDict tensors = read_described(folder, index.at("tensors"));
  state.parameters = tensors.below(kParameters);
  state.optimizer = tensors.below(kOptimizer);
  if (index.contains("best_epoch")) {
    state.best_epoch = index.at("best_epoch").get<std::size_t>();
  }
  if (index.contains("best_tensors")) {
    state.best_parameters = read_described(folder, index.at("best_tensors"));
  }
  if (state.epochs.empty() || (state.best_epoch && *state.best_epoch >= state.epochs.size())) {
    throw Error("checkpoint.training-state",
                "`" + (folder / kIndex).string() + "` names an epoch that it does not hold");
  }
  return state;
}

/// Removes what earlier states left in `folder`.
void keep_only(const fs::path& folder, const std::vector<std::string>& names) {
  std::vector<fs::path> old;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name != kIndex && std::find(names.begin(), names.end(), name) == names.end()) {
      old.push_back(entry.path());
    }
  }
  for (const fs::path& file : old) {
    std::error_code ignored;
    fs::remove_all(file, ignored);
  }
}

}  // namespace

void save_training_state(const fs::path& folder, const TrainingState& state) {
  const std::size_t last = state.epochs.size() - 1;
  const std::string file = file_name("epoch", last);
  StateDict tensors;
  add_all(tensors, kParameters, state.parameters);
  add_all(tensors, kOptimizer, state.optimizer);
  write_safetensors(folder / file, tensors);
  json index{{"epochs", state.epochs},
             {"steps", state.steps},
             {"forward_rows", state.work.forward_rows},
             {"backward_rows", state.work.backward_rows},
             {"seconds", state.seconds},
             {"tensors", described(folder / file)}};
  std::vector<std::string> names{file};
  if (state.best_epoch) {
    index["best_epoch"] = *state.best_epoch;
    if (!state.best_parameters.empty()) {
      names.push_back(file_name("best", *state.best_epoch));
      if (!fs::exists(folder / names.back())) {
        write_safetensors(folder / names.back(), state.best_parameters);
      }
      index["best_tensors"] = described(folder / names.back());
    }
  }
  write_file_atomically(folder / kIndex, index.dump(1) + "\n");
  keep_only(folder, names);
}

std::size_t saved_epochs(const fs::path& folder) {
  if (!fs::exists(folder / kIndex)) {
    return 0;
  }
  try {
    return take_json_file(folder / kIndex, kDamaged,
                          [](const json& index) { return index.at("epochs").size(); });
  } catch (const Error&) {
    return 0;
  }
}

std::optional<TrainingState> load_training_state(const fs::path& folder) {
  if (!fs::exists(folder / kIndex)) {
    return std::nullopt;
  }
  return take_json_file(folder / kIndex, kDamaged,
                        [&](const json& index) { return state_from(index, folder); });
}

}  // namespace ncmlab
