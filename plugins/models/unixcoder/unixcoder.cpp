// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/roberta_model.hpp"

namespace {

using namespace ncmlab;

// Section 3.1 of the paper: a prefix tells the model how it is used.
constexpr const char* kMode = "<encoder-only>";

struct Config : RobertaSettings {};

class UniXcoder final : public Model {
 public:
  static constexpr std::string_view kName = "unixcoder", kVersion = "0.1.0",
                                    kSummary =
                                        "A RoBERTa encoder that reads its mode before the code, "
                                        "of three sizes or from a Hugging Face checkpoint.",
                                    kReference = "https://arxiv.org/abs/2203.03850";

  static Schema<Config> schema() { return roberta_fields(Schema<Config>{}); }

  explicit UniXcoder(Config config) : config_(std::move(config)) {}

  CodeModel build(const ModelContext& context) const override {
    auto tokenizer = make_tokenizer(config_, context.texts, {kMode});
    const ModelContext prefixed = with_mode(context, *tokenizer);
    return build_roberta(config_, std::move(tokenizer), prefixed);
  }

  CodeModel open(const std::filesystem::path& folder, const ModelContext& context) const override {
    auto tokenizer = std::make_shared<const Tokenizer>(Tokenizer::from_folder(folder));
    const ModelContext prefixed = with_mode(context, *tokenizer);
    return open_roberta(config_, folder, std::move(tokenizer), prefixed);
  }

  std::vector<std::string> check(const ModelContext& context) const override {
    auto tokenizer = stored_tokenizer(config_, "roberta", kName);
    if (!tokenizer) {
      return {};
    }
    const ModelContext prefixed = with_mode(context, *tokenizer);
    return check_roberta(config_, std::move(tokenizer), prefixed);
  }

  std::string data_fingerprint() const override { return fingerprint(config_, kName); }

 private:
  /// `<s> <encoder-only> </s> code </s>`, as unixcoder.py of the paper's repository has it.
  static ModelContext with_mode(const ModelContext& context, const Tokenizer& tokenizer) {
    const std::optional<std::int64_t> mode = tokenizer.id_of(kMode);
    if (!mode) {
      throw Error("tokenizer.no-mode",
                  "the tokenizer has no token `" + std::string(kMode) +
                      "`, which UniXcoder reads before the code",
                  {"take UniXcoder's own tokenizer, or model `codebert` for a RoBERTa without it"});
    }
    ModelContext result = context;
    result.rules.prefix = {*mode, tokenizer.special().eos};
    return result;
  }

  Config config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::model<UniXcoder>())
