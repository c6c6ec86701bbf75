// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <vector>

#include "bigclonebench_reader.hpp"
#include "bigclonebench_writer.hpp"
#include "builtin_clones.hpp"
#include "ncmlab/plugin/column_task.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace {

using namespace ncmlab;

struct Config : ColumnTaskSettings {
  Config() {
    other_code_column = "second";
    language = Language::java;
  }
};

const DataForm kBigCloneBench = {.name = "bigclonebench",
                                 .folder = "Folder of BigCloneBench in CodeXGLUE's form",
                                 .samples = "pairs",
                                 .labels = {"no clone", "clone"},
                                 .second_column = "second_column",
                                 .second_doc = "Column of the other function (`json_lines`).",
                                 .second = &ColumnTaskSettings::other_code_column,
                                 .largest = {.train = 100'000, .valid = 100'000, .test = 100'000},
                                 .generate = generate_builtin_clones,
                                 .files = bigclonebench_files,
                                 .read = read_bigclonebench,
                                 .write = write_bigclonebench};

class CloneDetection final : public ColumnTask {
 public:
  static constexpr std::string_view kName = "clone_detection", kVersion = "0.1.0",
                                    kSummary =
                                        "Tells pairs of Java functions that do the same from "
                                        "others, on BigCloneBench or on a generated corpus.",
                                    kReference = "https://arxiv.org/abs/2102.04664";

  static Schema<Config> schema() {
    return column_task_fields<Config>(kBigCloneBench)
        .field("max_tokens", &Config::max_tokens,
               "Longest input of one function, special tokens included; what is longer is cut.",
               range(8, 100000), unit("tokens"));
  }

  explicit CloneDetection(const Config& config) : ColumnTask(config, kBigCloneBench) {}

  TaskKind kind() const override { return TaskKind::pair_classification; }
  HeadShape head_shape() const override { return {.inputs = 2, .classes = 2, .logits = 2}; }
  std::vector<std::string> parts(const Example& example) const override {
    return {example.code, example.other_code};
  }
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::task<CloneDetection>())
