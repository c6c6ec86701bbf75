// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <vector>

#include "builtin_corpus.hpp"
#include "devign_reader.hpp"
#include "devign_writer.hpp"
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
};

const std::vector<std::string> kLabels = {"not defective", "defective"};

class DefectDetection final : public Task, public TaskWriter {
 public:
  static constexpr std::string_view kName = "defect_detection", kVersion = "0.1.0",
                                    kSummary =
                                        "Tells defective C functions from others, on Devign or on "
                                        "a generated corpus.",
                                    kReference = "https://arxiv.org/abs/1909.03496";

  static Schema<Config> schema() {
    auto columns = column_fields(
        task_data_fields(Schema<Config>{},
                         "Folder of Devign in CodeXGLUE's form, file or folder of JSONL, or "
                         "`builtin` for the generated corpus.",
                         "samples"),
        "devign");
    return label_fields(std::move(columns), kLabels)
        .field("builtin_train", &Config::builtin_train, "Training samples of the generated corpus.",
               range(2, 1e6), unit("samples"))
        .field("builtin_valid", &Config::builtin_valid,
               "Validation samples of the generated corpus.", range(0, 1e6), unit("samples"))
        .field("builtin_test", &Config::builtin_test, "Test samples of the generated corpus.",
               range(2, 1e6), unit("samples"))
        .field("max_tokens", &Config::max_tokens,
               "Longest model input, special tokens included; what is longer is cut at the end.",
               range(8, 100000), unit("tokens"));
  }

  explicit DefectDetection(Config config) : config_(std::move(config)) {
    check_label_values(config_);
  }

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
  HeadShape head_shape() const override { return {.inputs = 1, .classes = 2, .logits = 1}; }
  std::vector<std::string> parts(const Example& example) const override { return {example.code}; }
  void write(const Corpus& corpus, const std::filesystem::path& folder) const override {
    write_corpus(config_, write_devign, corpus, folder);
    // A test split alone is no data set of the task block: scripts read it, by Devign's names.
    if (corpus.train.empty() && config_.format == DataForm::json_lines) {
      add_devign_names(corpus.test, folder / "test.jsonl");
    }
  }

 private:
  CorpusSources sources() const {
    return {.generate =
                [this](const Rng& rng) {
                  return generate_builtin_corpus({.train_size = config_.builtin_train,
                                                  .valid_size = config_.builtin_valid,
                                                  .test_size = config_.builtin_test},
                                                 rng);
                },
            .files = devign_files,
            .read = read_devign};
  }

  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::task<DefectDetection>())
