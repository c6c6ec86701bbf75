// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "builtin_functions.hpp"
#include "codesearchnet_reader.hpp"
#include "codesearchnet_writer.hpp"
#include "ncmlab/plugin/column_task.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace {

using namespace ncmlab;

struct Config : ColumnTaskSettings {
  std::int64_t pool_size = 1000;
  std::string target_word = "file";
  std::int64_t max_query_tokens = 128;
  double scale = 20.0;

  Config() {
    query_column = "query";
    label_column = "";
    language = Language::python;
    builtin_valid = 300;
    builtin_test = 500;
    max_tokens = 256;
  }
};

const DataForm kCodeSearchNet = {.name = "codesearchnet",
                                 .folder = "Folder of CodeSearchNet's JSONL files",
                                 .samples = "functions",
                                 .second_column = "query_column",
                                 .second_doc = "Column of the query (`json_lines`).",
                                 .second = &ColumnTaskSettings::query_column,
                                 .largest = {.train = 100'000, .valid = 10'000, .test = 4'032},
                                 .generate = generate_builtin_functions,
                                 .files = codesearchnet_files,
                                 .read = read_codesearchnet,
                                 .write = write_codesearchnet};

class CodeSearch final : public ColumnTask {
 public:
  static constexpr std::string_view kName = "code_search", kVersion = "0.1.0",
                                    kSummary =
                                        "Finds the Python function that a query describes, on "
                                        "CodeSearchNet or on a generated corpus.",
                                    kReference = "https://arxiv.org/abs/1909.09436";

  static Schema<Config> schema() {
    return column_task_fields<Config>(kCodeSearchNet)
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

  explicit CodeSearch(const Config& config) : ColumnTask(config, kCodeSearchNet), config_(config) {}

  TaskKind kind() const override { return TaskKind::retrieval; }
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
    return {example.query, example.code};
  }

 private:
  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::task<CodeSearch>())
