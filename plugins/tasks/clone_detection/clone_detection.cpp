// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <vector>

#include "bigclonebench_reader.hpp"
#include "bigclonebench_writer.hpp"
#include "builtin_clones.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/data/subset.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/task_writer.hpp"

namespace {

using namespace ncmlab;

constexpr std::string_view kBuiltin = "builtin";

struct Config {
  std::string data = std::string(kBuiltin);
  std::string on_bad_record = "error";
  std::int64_t train_limit = 0;
  std::int64_t valid_limit = 0;
  std::int64_t test_limit = 0;
  std::int64_t builtin_train = 6000;
  std::int64_t builtin_valid = 400;
  std::int64_t builtin_test = 1000;
  std::int64_t max_tokens = 400;
  bool fold_whitespace = true;
};

class CloneDetection final : public Task, public TaskWriter {
 public:
  static constexpr std::string_view kName = "clone_detection", kVersion = "0.1.0",
                                    kSummary =
                                        "Tells pairs of Java functions that do the same from "
                                        "others, on BigCloneBench or on a generated corpus.",
                                    kReference = "https://arxiv.org/abs/2102.04664";

  static Schema<Config> schema() {
    return Schema<Config>{}
        .field(
            "data", &Config::data,
            "Folder of BigCloneBench in CodeXGLUE's form, or `builtin` for the generated corpus.")
        .field("on_bad_record", &Config::on_bad_record,
               "What becomes of functions and pairs that do not fit: the first ends the run, or "
               "they are skipped and counted.",
               choices(BadRecords::choices()))
        .field("train_limit", &Config::train_limit,
               "Size of a random subset of the training split; 0 takes all of it.", at_least(0),
               unit("pairs"))
        .field("valid_limit", &Config::valid_limit,
               "Size of a random subset of the validation split; 0 takes all of it.", at_least(0),
               unit("pairs"))
        .field("test_limit", &Config::test_limit,
               "Size of a random subset of the test split; 0 takes all of it.", at_least(0),
               unit("pairs"))
        .field("builtin_train", &Config::builtin_train, "Training pairs of the generated corpus.",
               range(2, 1e5), unit("pairs"))
        .field("builtin_valid", &Config::builtin_valid, "Validation pairs of the generated corpus.",
               range(0, 1e5), unit("pairs"))
        .field("builtin_test", &Config::builtin_test, "Test pairs of the generated corpus.",
               range(2, 1e5), unit("pairs"))
        .field("max_tokens", &Config::max_tokens,
               "Longest input of one function, special tokens included; what is longer is cut.",
               range(8, 100000), unit("tokens"))
        .field("fold_whitespace", &Config::fold_whitespace,
               "Fold runs of white space to one blank before tokenising, as CodeXGLUE does.");
  }

  explicit CloneDetection(Config config) : config_(std::move(config)) {}

  TaskKind kind() const override { return TaskKind::pair_classification; }

  Corpus load(const Rng& rng) const override {
    Corpus corpus = config_.data == kBuiltin
                        ? generate_builtin_clones({.train_size = config_.builtin_train,
                                                   .valid_size = config_.builtin_valid,
                                                   .test_size = config_.builtin_test},
                                                  rng.stream("builtin corpus"))
                        : read_bigclonebench(config_.data, BadRecords(config_.on_bad_record));
    keep_at_most(corpus.train, config_.train_limit, rng.stream("train subset"));
    keep_at_most(corpus.valid, config_.valid_limit, rng.stream("valid subset"));
    keep_at_most(corpus.test, config_.test_limit, rng.stream("test subset"));
    return corpus;
  }

  std::string data_fingerprint() const override {
    if (config_.data == kBuiltin) {
      return {};
    }
    Hasher hasher;
    for (const auto& file : bigclonebench_files(config_.data)) {
      hasher.field(file.filename().string()).field(hash_file(file));
    }
    return hasher.hex();
  }

  std::vector<std::string> label_names() const override { return {"no clone", "clone"}; }
  std::int64_t positive_label() const override { return 1; }
  InputRules input_rules() const override {
    return {.fold_whitespace = config_.fold_whitespace, .max_tokens = config_.max_tokens};
  }
  HeadShape head_shape() const override { return {.inputs = 2, .classes = 2, .logits = 2}; }
  std::vector<std::string> parts(const Example& example) const override {
    return {example.code, example.second};
  }
  void write(const Corpus& corpus, const std::filesystem::path& folder) const override {
    write_bigclonebench(corpus, folder);
  }

 private:
  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::task<CloneDetection>())
