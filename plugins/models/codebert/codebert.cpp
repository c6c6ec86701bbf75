// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/roberta_model.hpp"

namespace {

using namespace ncmlab;

class CodeBert final : public RobertaModel {
 public:
  static constexpr std::string_view kName = "codebert", kVersion = "0.1.0",
                                    kSummary =
                                        "A RoBERTa encoder of three sizes or from a Hugging Face "
                                        "checkpoint: <s> for classifiers, the mean for search.",
                                    kReference = "https://arxiv.org/abs/2002.08155";

  static Schema<RobertaSettings> schema() { return roberta_fields(Schema<RobertaSettings>{}); }

  explicit CodeBert(const RobertaSettings& settings) : RobertaModel(settings, kName) {}
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::model<CodeBert>())
