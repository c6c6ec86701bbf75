// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <vector>

#include "builtin_corpus.hpp"
#include "devign_reader.hpp"
#include "devign_writer.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/data/column_reader.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/task_data.hpp"
#include "ncmlab/plugin/task_writer.hpp"

namespace {

using namespace ncmlab;

struct Config : TaskData {
  std::string format = "devign";
  std::string code_column = "code";
  std::string label_column = "label";
  std::vector<std::string> label_values;
  std::string id_column;
  std::string language_column;
  std::string language = "c";
  std::string split_column;
  std::int64_t builtin_train = 6000;
  std::int64_t builtin_valid = 400;
  std::int64_t builtin_test = 1000;
  std::int64_t max_tokens = 400;
};

class DefectDetection final : public Task, public TaskWriter {
 public:
  static constexpr std::string_view kName = "defect_detection", kVersion = "0.1.0",
                                    kSummary =
                                        "Tells defective C functions from others, on Devign or on "
                                        "a generated corpus.",
                                    kReference = "https://arxiv.org/abs/1909.03496";

  static Schema<Config> schema() {
    return task_data_fields(Schema<Config>{},
                            "Folder of Devign in CodeXGLUE's form, file or folder of JSONL, or "
                            "`builtin` for the generated corpus.",
                            "samples")
        .field("format", &Config::format,
               "What `data` holds: `devign`, or `json_lines` for JSONL with columns of any name.",
               choices({"devign", "json_lines"}))
        .field("code_column", &Config::code_column, "Column of the function (`json_lines`).")
        .field("label_column", &Config::label_column, "Column of the label (`json_lines`).")
        .field("label_values", &Config::label_values,
               "How the data spells `not defective` and `defective`, in this order; empty for the "
               "integers 0 and 1 (`json_lines`).")
        .field("id_column", &Config::id_column,
               "Column of a text or integer that names the function; empty for file and line "
               "(`json_lines`).")
        .field("language_column", &Config::language_column,
               "Column of the language; empty where all functions are in `language` "
               "(`json_lines`).")
        .field("language", &Config::language, "Language of all functions (`json_lines`).",
               choices({"c", "cpp", "java", "python"}))
        .field(
            "split_column", &Config::split_column,
            "Column that says `train`, `valid` or `test`, for data in one file; empty to part it "
            "by a hash of the id (`json_lines`).")
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
    if (!config_.label_values.empty() && config_.label_values.size() != 2) {
      throw Error("plugin.bad-setting", "`label_values` should name two labels, found " +
                                            std::to_string(config_.label_values.size()));
    }
  }

  Corpus load(const Rng& rng) const override {
    Corpus corpus = read(rng);
    keep_limits(corpus, config_, rng);
    return corpus;
  }

  std::string data_fingerprint() const override {
    return config_.is_builtin() ? std::string()
                                : fingerprint(is_json_lines() ? json_lines_files(config_.data)
                                                              : devign_files(config_.data));
  }

  std::vector<std::string> label_names() const override { return {"not defective", "defective"}; }
  std::int64_t positive_label() const override { return 1; }
  InputRules input_rules() const override {
    return {.fold_whitespace = config_.fold_whitespace, .max_tokens = config_.max_tokens};
  }
  HeadShape head_shape() const override { return {.inputs = 1, .classes = 2, .logits = 1}; }
  std::vector<std::string> parts(const Example& example) const override { return {example.code}; }
  void write(const Corpus& corpus, const std::filesystem::path& folder) const override {
    write_devign(corpus, folder);
  }

 private:
  bool is_json_lines() const { return config_.format == "json_lines"; }

  Corpus read(const Rng& rng) const {
    if (config_.is_builtin()) {
      return generate_builtin_corpus({.train_size = config_.builtin_train,
                                      .valid_size = config_.builtin_valid,
                                      .test_size = config_.builtin_test},
                                     rng.stream("builtin corpus"));
    }
    BadRecords bad(config_.on_bad_record);
    if (!is_json_lines()) {
      return read_devign(config_.data, std::move(bad));
    }
    const ColumnMapping columns{.code = config_.code_column,
                                .label = config_.label_column,
                                .id = config_.id_column,
                                .split = config_.split_column,
                                .language = config_.language_column,
                                .default_language = *language_from_string(config_.language),
                                .label_values = config_.label_values};
    return read_json_lines(config_.data, columns, std::move(bad));
  }

  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::task<DefectDetection>())
