// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <filesystem>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace {

struct Config {
  std::int64_t samples = 60;
  std::string folder;
};

// Functions that read an element of an array: clean ones compare the index with the size first.
class Toy final : public ncmlab::Task {
 public:
  static constexpr std::string_view kName = "toy", kVersion = "0.1.0",
                                    kSummary = "Short C functions with and without a check.",
                                    kReference = "tests/support/plugins";
  static ncmlab::Schema<Config> schema() {
    return ncmlab::Schema<Config>{}
        .field("samples", &Config::samples, "Functions over all splits.", ncmlab::at_least(10),
               ncmlab::unit("functions"))
        .field("folder", &Config::folder, "Folder that must exist; empty for none.",
               ncmlab::path());
  }

  explicit Toy(Config config) : config_(std::move(config)) {}

  ncmlab::Corpus load(const ncmlab::Rng& rng) const override {
    ncmlab::Corpus corpus;
    ncmlab::Rng stream = rng.stream("toy");
    for (std::int64_t i = 0; i < config_.samples; ++i) {
      ncmlab::Example example = make(i, stream);
      const std::int64_t place = i * 10 / config_.samples;
      auto& split = place < 6 ? corpus.train : place < 7 ? corpus.valid : corpus.test;
      split.push_back(std::move(example));
    }
    if (!config_.folder.empty()) {
      corpus.warnings.push_back("nothing is read from `" + config_.folder + "`");
    }
    return corpus;
  }

  std::string data_fingerprint() const override {
    if (!config_.folder.empty() && !std::filesystem::exists(config_.folder)) {
      throw ncmlab::Error("data.missing", "no folder `" + config_.folder + "`");
    }
    return std::filesystem::path(config_.folder).filename();
  }
  std::vector<std::string> label_names() const override { return {"clean", "defective"}; }
  std::int64_t positive_label() const override { return 1; }
  ncmlab::InputRules input_rules() const override { return {.max_tokens = 64}; }
  ncmlab::HeadShape head_shape() const override { return {}; }
  std::vector<std::string> parts(const ncmlab::Example& example) const override {
    return {example.code};
  }

 private:
  static ncmlab::Example make(std::int64_t index, ncmlab::Rng& rng) {
    const std::array<std::string, 4> names{"items", "table", "queue", "cells"};
    const std::string& array = names[rng.below(names.size())];
    const std::int64_t label = index % 2;
    const std::string number = std::to_string(index);
    const std::string check = label == 0 ? "if (i >= n) { return 0; } " : "log_index(i); ";
    return {.id = "toy-" + number,
            .code = "int get_" + number + "(int *" + array + ", int i, int n) { " + check +
                    "return " + array + "[i] + " + std::to_string(rng.below(9)) + "; }",
            .label = label};
  }

  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::task<Toy>())
