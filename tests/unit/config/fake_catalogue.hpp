// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "config/experiment.hpp"

namespace ncmlab::testing {

class FakeTask final : public Task {
 public:
  Corpus load(const Rng& /*rng*/) const override { return {}; }
  std::string data_fingerprint() const override { return {}; }
  std::vector<std::string> label_names() const override { return {"clean", "defective"}; }
  std::int64_t positive_label() const override { return 1; }
  InputRules input_rules() const override { return {}; }
  HeadShape head_shape() const override { return {}; }
  std::vector<std::string> parts(const Example& example) const override { return {example.code}; }
};

inline Entry entry(PluginKind kind, std::string name, std::vector<Parameter> parameters) {
  return {.kind = kind,
          .name = std::move(name),
          .version = "1",
          .summary = "A fake.",
          .reference = "none",
          .parameters = std::move(parameters),
          .create = [kind](const Settings&) -> std::shared_ptr<Plugin> {
            if (kind == PluginKind::task) {
              return std::make_shared<FakeTask>();
            }
            return std::make_shared<Plugin>();
          }};
}

/// A task, two models, two attacks and three defenses with hand-made parameters.
inline Catalogue fake_catalogue() {
  using K = PluginKind;
  const std::vector<Entry> entries{
      entry(K::task, "defects",
            {{.name = "data", .doc = {}, .default_value = std::string("builtin")}}),
      entry(K::model, "codebert",
            {{.name = "preset",
              .doc = {},
              .default_value = std::string("tiny"),
              .choices = {"tiny", "small"}}}),
      entry(K::model, "reader",
            {{.name = "folder",
              .doc = "Where it is.",
              .default_value = std::string(),
              .required = true}}),
      entry(K::attack, "none", {}),
      entry(K::attack, "badcode",
            {{.name = "rate", .doc = {}, .default_value = 0.05, .minimum = 0, .maximum = 1},
             {.name = "trigger", .doc = {}, .default_value = std::string("rb")},
             {.name = "words", .doc = {}, .default_value = std::vector<std::string>{"a"}},
             {.name = "count", .doc = {}, .default_value = std::int64_t{3}},
             {.name = "mixed", .doc = {}, .default_value = false}}),
      entry(K::defense, "none", {}),
      entry(K::defense, "onion", {{.name = "bar", .doc = {}, .default_value = 1.5}}),
      entry(K::defense, "tuning",
            {{.name = "epochs",
              .doc = {},
              .default_value = std::int64_t{5},
              .allowance = Allowance::steps},
             {.name = "batch",
              .doc = {},
              .default_value = std::int64_t{32},
              .allowance = Allowance::batch_size},
             {.name = "rate",
              .doc = {},
              .default_value = 0.5,
              .allowance = Allowance::learning_rates},
             {.name = "poison",
              .doc = {},
              .default_value = 0.1,
              .allowance = Allowance::poison_share}}),
  };
  Catalogue catalogue;
  for (const Entry& each : entries) {
    catalogue.add({each, "fake.so", "0"});
  }
  return catalogue;
}

/// A file that lives as long as the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("ncmlab_config_" + std::to_string(getpid()) + ".toml")) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline Experiment read(const std::string& text) {
  const TemporaryFile file(text);
  return read_experiment(file.path(), fake_catalogue());
}

/// What read_experiment() says about the text; empty if it is valid.
inline std::vector<Diagnostic> problems_of(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    return error.diagnostics();
  }
  return {};
}

/// The sections that every experiment needs; lines 1 to 6.
inline const std::string kMinimal =
    "[experiment]\n"
    "name = \"quick\"\n"
    "[[task]]\n"
    "plugin = \"defects\"\n"
    "[[model]]\n"
    "plugin = \"codebert\"\n";

}  // namespace ncmlab::testing
