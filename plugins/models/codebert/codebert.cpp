// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/roberta_model.hpp"

namespace {

using namespace ncmlab;

struct Config : RobertaSettings {};

class CodeBert final : public Model {
 public:
  static constexpr std::string_view kName = "codebert", kVersion = "0.1.0",
                                    kSummary =
                                        "A RoBERTa encoder of three sizes or from a Hugging Face "
                                        "checkpoint: <s> for classifiers, the mean for search.",
                                    kReference = "https://arxiv.org/abs/2002.08155";

  static Schema<Config> schema() { return roberta_fields(Schema<Config>{}); }

  explicit CodeBert(Config config) : config_(std::move(config)) {}

  CodeModel build(const ModelContext& context) const override {
    return build_roberta(config_, make_tokenizer(config_, context.texts), context);
  }

  CodeModel open(const std::filesystem::path& folder, const ModelContext& context) const override {
    return open_roberta(config_, folder,
                        std::make_shared<const Tokenizer>(Tokenizer::from_folder(folder)), context);
  }

  std::vector<std::string> check(const ModelContext& context) const override {
    return check_roberta(config_, stored_tokenizer(config_, "roberta", kName), context);
  }

  std::string data_fingerprint() const override { return fingerprint(config_, kName); }

 private:
  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::model<CodeBert>())
