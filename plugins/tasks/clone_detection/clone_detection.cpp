// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <vector>

#include "bigclonebench_reader.hpp"
#include "bigclonebench_writer.hpp"
#include "builtin_clones.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/task_columns.hpp"
#include "ncmlab/plugin/task_writer.hpp"

namespace {

using namespace ncmlab;

struct Config : TaskColumns {
  std::int64_t builtin_train = 6000;
  std::int64_t builtin_valid = 400;
  std::int64_t builtin_test = 1000;
  std::int64_t max_tokens = 400;

  Config() {
    second_column = "second";
    language = Language::java;
  }
};

const std::vector<std::string> kLabels = {"no clone", "clone"};

class CloneDetection final : public Task, public TaskWriter {
 public:
  static constexpr std::string_view kName = "clone_detection", kVersion = "0.1.0",
                                    kSummary =
                                        "Tells pairs of Java functions that do the same from "
                                        "others, on BigCloneBench or on a generated corpus.",
                                    kReference = "https://arxiv.org/abs/2102.04664";

  static Schema<Config> schema() {
    auto columns = column_fields(
        task_data_fields(Schema<Config>{},
                         "Folder of BigCloneBench in CodeXGLUE's form, file or folder of JSONL, or "
                         "`builtin` for the generated corpus.",
                         "pairs"),
        "bigclonebench");
    return label_fields(std::move(columns), kLabels)
        .field("second_column", &Config::second_column,
               "Column of the other function (`json_lines`).")
        .field("builtin_train", &Config::builtin_train, "Training pairs of the generated corpus.",
               range(2, 1e5), unit("pairs"))
        .field("builtin_valid", &Config::builtin_valid, "Validation pairs of the generated corpus.",
               range(0, 1e5), unit("pairs"))
        .field("builtin_test", &Config::builtin_test, "Test pairs of the generated corpus.",
               range(2, 1e5), unit("pairs"))
        .field("max_tokens", &Config::max_tokens,
               "Longest input of one function, special tokens included; what is longer is cut.",
               range(8, 100000), unit("tokens"));
  }

  explicit CloneDetection(Config config) : config_(std::move(config)) {
    check_label_values(config_);
  }

  TaskKind kind() const override { return TaskKind::pair_classification; }

  Corpus load(const Rng& rng) const override { return load_corpus(config_, sources(), rng); }
  Corpus peek(std::int64_t records) const override {
    return peek_corpus(config_, sources(), records);
  }
  std::string data_fingerprint() const override { return corpus_fingerprint(config_, sources()); }

  std::vector<std::string> label_names() const override { return kLabels; }
  std::int64_t positive_label() const override { return 1; }
  InputRules input_rules() const override {
    return {.fold_whitespace = config_.fold_whitespace, .max_tokens = config_.max_tokens};
  }
  HeadShape head_shape() const override { return {.inputs = 2, .classes = 2, .logits = 2}; }
  std::vector<std::string> parts(const Example& example) const override {
    return {example.code, example.second};
  }
  void write(const Corpus& corpus, const std::filesystem::path& folder) const override {
    write_corpus(config_, write_bigclonebench, corpus, folder);
  }

 private:
  CorpusSources sources() const {
    return {.generate =
                [this](const Rng& rng) {
                  return generate_builtin_clones({.train_size = config_.builtin_train,
                                                  .valid_size = config_.builtin_valid,
                                                  .test_size = config_.builtin_test},
                                                 rng);
                },
            .files = bigclonebench_files,
            .read = read_bigclonebench};
  }

  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::task<CloneDetection>())
