// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <vector>

#include "builtin_corpus.hpp"
#include "devign_reader.hpp"
#include "devign_writer.hpp"
#include "ncmlab/plugin/column_task.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace {

using namespace ncmlab;

struct Config : ColumnTaskSettings {};

const DataForm kDevign = {.name = "devign",
                          .folder = "Folder of Devign in CodeXGLUE's form",
                          .samples = "samples",
                          .labels = {"not defective", "defective"},
                          .largest = {.train = 1'000'000, .valid = 1'000'000, .test = 1'000'000},
                          .generate = generate_builtin_corpus,
                          .files = devign_files,
                          .read = read_devign,
                          .write = write_devign};

class DefectDetection final : public ColumnTask {
 public:
  static constexpr std::string_view kName = "defect_detection", kVersion = "0.1.0",
                                    kSummary =
                                        "Tells defective C functions from others, on Devign or on "
                                        "a generated corpus.",
                                    kReference = "https://arxiv.org/abs/1909.03496";

  static Schema<Config> schema() {
    return column_task_fields<Config>(kDevign).field(
        "max_tokens", &Config::max_tokens,
        "Longest model input, special tokens included; what is longer is cut at the end.",
        range(8, 100000), unit("tokens"));
  }

  explicit DefectDetection(const Config& config) : ColumnTask(config, kDevign) {}

  HeadShape head_shape() const override { return {.inputs = 1, .classes = 2, .logits = 1}; }
  std::vector<std::string> parts(const Example& example) const override { return {example.code}; }
  void write(const Corpus& corpus, const std::filesystem::path& folder) const override {
    ColumnTask::write(corpus, folder);
    // A test split alone is no data set of the task block: scripts read it, by Devign's names.
    if (corpus.train.empty() && settings().format == DataFormat::json_lines) {
      add_devign_names(corpus.test, folder / "test.jsonl");
    }
  }
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::task<DefectDetection>())
