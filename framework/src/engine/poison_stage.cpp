// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/stages.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/data/json_lines.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;

constexpr const char* kIndices = "poisoned.json";
constexpr const char* kChanges = "changes.jsonl";

[[noreturn]] void reject(const std::string& what) {
  throw Error("engine.bad-poisoning", "the attack returned " + what);
}

/// What Attack::poison() promises: every sample in its place, and indices that ascend.
void check_promises(const PoisonedSet& set, const std::vector<Example>& clean) {
  if (set.train.size() != clean.size()) {
    reject("a training set of " + std::to_string(set.train.size()) + " samples, expected " +
           std::to_string(clean.size()));
  }
  for (std::size_t i = 0; i < clean.size(); ++i) {
    if (set.train[i].id != clean[i].id) {
      reject("sample `" + set.train[i].id + "` in the place of `" + clean[i].id + "`");
    }
  }
  for (std::size_t i = 0; i < set.poisoned.size(); ++i) {
    if (set.poisoned[i] >= clean.size() || (i > 0 && set.poisoned[i] <= set.poisoned[i - 1])) {
      reject("indices of poisoned samples that do not ascend or are out of range");
    }
  }
}

[[noreturn]] void refuse(const std::filesystem::path& folder) {
  throw Error("store.bad-object", "`" + folder.string() + "` does not belong to this training set",
              {"run again with `--fresh`"});
}

}  // namespace

void write_poisoned(const Plan& plan, const Cell& cell, Materials& materials,
                    const std::filesystem::path& folder) {
  const std::vector<Example>& clean = materials.corpus(cell).train;
  const PoisonedSet set = plan.attacks[cell.attack]->poison(
      clean, plan.goals[cell.task][cell.attack],
      Rng(static_cast<std::uint64_t>(cell.seed)).stream("poison"));
  check_promises(set, clean);
  std::vector<std::size_t> changed;
  std::vector<Example> changes;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    if (!(set.train[i] == clean[i])) {
      changed.push_back(i);
      changes.push_back(set.train[i]);
    }
  }
  write_examples(folder / kChanges, changes);
  write_file_atomically(
      folder / kIndices,
      json{{"samples", clean.size()}, {"poisoned", set.poisoned}, {"changed", changed}}.dump() +
          "\n");
}

PoisonedSet read_poisoned(const std::filesystem::path& folder, const std::vector<Example>& clean) {
  const json indices = json::parse(read_file(folder / kIndices));
  const auto changed = indices.at("changed").get<std::vector<std::size_t>>();
  std::vector<Example> changes = read_examples(folder / kChanges);
  if (indices.at("samples") != clean.size() || changed.size() != changes.size()) {
    refuse(folder);
  }
  PoisonedSet set{.train = clean,
                  .poisoned = indices.at("poisoned").get<std::vector<std::size_t>>()};
  for (std::size_t i = 0; i < changed.size(); ++i) {
    if (changed[i] >= clean.size() || clean[changed[i]].id != changes[i].id) {
      refuse(folder);
    }
    set.train[changed[i]] = std::move(changes[i]);
  }
  return set;
}

}  // namespace ncmlab
