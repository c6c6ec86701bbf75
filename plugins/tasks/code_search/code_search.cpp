// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "builtin_functions.hpp"
#include "codesearchnet_reader.hpp"
#include "codesearchnet_writer.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/task_columns.hpp"
#include "ncmlab/plugin/task_writer.hpp"

namespace {

using namespace ncmlab;

struct Config : TaskColumns {
  std::int64_t builtin_train = 6000;
  std::int64_t builtin_valid = 300;
  std::int64_t builtin_test = 500;
  std::int64_t pool_size = 1000;
  std::string target_word = "file";
  std::int64_t max_tokens = 256;
  std::int64_t max_query_tokens = 128;
  double scale = 20.0;

  Config() {
    second_column = "query";
    label_column = "";
    language = Language::python;
  }
};

class CodeSearch final : public Task, public TaskWriter {
 public:
  static constexpr std::string_view kName = "code_search", kVersion = "0.1.0",
                                    kSummary =
                                        "Finds the Python function that a query describes, on "
                                        "CodeSearchNet or on a generated corpus.",
                                    kReference = "https://arxiv.org/abs/1909.09436";

  static Schema<Config> schema() {
    return column_fields(
               task_data_fields(Schema<Config>{},
                                "Folder of CodeSearchNet's JSONL files, file or folder of JSONL, "
                                "or `builtin` for the generated corpus.",
                                "functions"),
               "codesearchnet")
        .field("query_column", &Config::second_column, "Column of the query (`json_lines`).")
        .field("builtin_train", &Config::builtin_train,
               "Training functions of the generated corpus.", range(2, 1e5), unit("functions"))
        .field("builtin_valid", &Config::builtin_valid,
               "Validation functions of the generated corpus.", range(0, 1e4), unit("functions"))
        .field("builtin_test", &Config::builtin_test, "Test functions of the generated corpus.",
               range(2, 4032), unit("functions"))
        .field("pool_size", &Config::pool_size,
               "Test functions that a query is ranked against, its own among them; 0 takes all.",
               at_least(0), unit("functions"))
        .field("target_word", &Config::target_word,
               "Word in the queries that an attack targets, unless the attack names another.")
        .field("max_tokens", &Config::max_tokens,
               "Longest code, special tokens included; what is longer is cut at the end.",
               range(8, 100000), unit("tokens"))
        .field("max_query_tokens", &Config::max_query_tokens,
               "Longest query, special tokens included; what is longer is cut at the end.",
               range(8, 100000), unit("tokens"))
        .field("scale", &Config::scale, "What cosines are multiplied by before the softmax.",
               range(1e-3, 1e3));
  }

  explicit CodeSearch(Config config) : config_(std::move(config)) {}

  TaskKind kind() const override { return TaskKind::retrieval; }

  Corpus load(const Rng& rng) const override { return load_corpus(config_, sources(), rng); }
  Corpus peek(std::int64_t records) const override {
    return peek_corpus(config_, sources(), records);
  }
  std::string data_fingerprint() const override { return corpus_fingerprint(config_, sources()); }

  std::vector<std::string> label_names() const override { return {}; }
  std::int64_t positive_label() const override { return 0; }
  std::string target_word() const override { return config_.target_word; }
  std::int64_t pool_size() const override { return config_.pool_size; }
  InputRules input_rules() const override {
    return {.fold_whitespace = config_.fold_whitespace,
            .max_tokens = std::max(config_.max_tokens, config_.max_query_tokens),
            .part_max_tokens = {config_.max_query_tokens, config_.max_tokens}};
  }
  HeadShape head_shape() const override {
    HeadShape shape = HeadShape::for_search();
    shape.scale = config_.scale;
    return shape;
  }
  std::vector<std::string> parts(const Example& example) const override {
    return {example.second, example.code};
  }
  void write(const Corpus& corpus, const std::filesystem::path& folder) const override {
    write_corpus(config_, write_codesearchnet, corpus, folder);
  }

 private:
  CorpusSources sources() const {
    return {.generate =
                [this](const Rng& rng) {
                  return generate_builtin_functions({.train_size = config_.builtin_train,
                                                     .valid_size = config_.builtin_valid,
                                                     .test_size = config_.builtin_test},
                                                    rng);
                },
            .files = codesearchnet_files,
            .read = read_codesearchnet};
  }

  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::task<CodeSearch>())
