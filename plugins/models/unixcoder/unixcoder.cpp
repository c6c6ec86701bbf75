// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/roberta_model.hpp"

namespace {

using namespace ncmlab;

// Section 3.1 of the paper: a prefix tells the model how it is used.
constexpr const char* kMode = "<encoder-only>";

class UniXcoder final : public RobertaModel {
 public:
  static constexpr std::string_view kName = "unixcoder", kVersion = "0.1.0",
                                    kSummary =
                                        "A RoBERTa encoder that reads its mode before the code, "
                                        "of three sizes or from a Hugging Face checkpoint.",
                                    kReference = "https://arxiv.org/abs/2203.03850";

  static Schema<RobertaSettings> schema() { return roberta_fields(Schema<RobertaSettings>{}); }

  explicit UniXcoder(const RobertaSettings& settings) : RobertaModel(settings, kName) {}

 private:
  std::vector<std::string> special_tokens() const override { return {kMode}; }

  /// `<s> <encoder-only> </s> code </s>`, as unixcoder.py of the paper's repository has it.
  InputRules input_rules(InputRules rules, const Tokenizer& tokenizer) const override {
    const std::optional<std::int64_t> mode = tokenizer.id_of(kMode);
    if (!mode) {
      throw Error("tokenizer.no-mode",
                  "the tokenizer has no token `" + std::string(kMode) +
                      "`, which UniXcoder reads before the code",
                  {"take UniXcoder's own tokenizer, or model `codebert` for a RoBERTa without it"});
    }
    rules.prefix = {*mode, tokenizer.special().eos};
    return rules;
  }
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::model<UniXcoder>())
