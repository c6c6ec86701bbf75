// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>

#include "checkpoint_folder.hpp"
#include "error_of.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "shared_data.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RecordedCaseTest : public ::testing::TestWithParam<const char*> {};

TEST_P(RecordedCaseTest, EverythingIsWithinTheTolerance) {
  const fs::path folder = golden_data() / "models" / GetParam();
  NCMLAB_NEEDS(folder);
  const CaseReport report = verify_case(folder, 1e-5);
  EXPECT_TRUE(report.passed()) << to_text(report);
  const auto recorded = read_safetensors(folder / "expected.safetensors");
  std::size_t compared = 0, inferred = 0;
  for (const CaseLine& line : report.lines) {
    inferred += line.name.ends_with(", inferred") ? 1 : 0;
    compared += line.name.starts_with("parameters") ? 0 : 1;
  }
  EXPECT_EQ(inferred, 2U) << to_text(report);
  EXPECT_EQ(compared, recorded.size() + inferred) << to_text(report);
  EXPECT_FALSE(report.lines.back().worst.empty());
}

INSTANTIATE_TEST_SUITE_P(Cases, RecordedCaseTest,
                         ::testing::Values("codebert_defect", "codebert_clone", "codebert_search",
                                           "unixcoder_defect", "unixcoder_search", "codet5_defect",
                                           "codet5_clone", "codet5_search", "t5_gated_defect"));

TEST(VerifyPrecisionTest, Bfloat16IsFartherThanFloat32AndStillNear) {
  const fs::path folder = golden_data() / "models" / "codebert_defect";
  NCMLAB_NEEDS(folder);
  const auto logits = [&](Precision precision) {
    const CaseReport report = verify_case(folder, 1e-5, precision);
    const auto line = std::ranges::find(report.lines, "logits", &CaseLine::name);
    return line == report.lines.end() ? -1.0 : line->deviation;
  };
  EXPECT_GT(logits(Precision::bf16), logits(Precision::fp32));
  EXPECT_GE(logits(Precision::fp32), 0);
  EXPECT_LT(logits(Precision::bf16), 0.1);
}

/// A copy of a recorded case that a test may change.
class ChangedCase {
 public:
  ChangedCase() {
    fs::copy(golden_data() / "models" / "codebert_defect", folder_.path(),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      fs::permissions(entry.path(), fs::perms::owner_write, fs::perm_options::add);
    }
  }

  /// Exchanges one tensor of a file.
  void change(const char* file, const std::string& name,
              const std::function<at::Tensor(at::Tensor)>& edit) const {
    StateDict changed;
    for (const auto& [each, tensor] : read_safetensors(folder_ / file)) {
      const at::Tensor edited = each == name ? edit(tensor.clone()) : tensor;
      if (edited.defined()) {
        changed.add(each, edited);
      }
    }
    write_safetensors(folder_ / file, changed);
  }
  CaseReport verify() const { return verify_case(folder_.path(), 1e-5); }
  const ScratchFolder& folder() const { return folder_; }

 private:
  ScratchFolder folder_;
};

TEST(VerifyTest, NamesWhatIsTooFar) {
  NCMLAB_NEEDS(golden_data() / "models" / "codebert_defect");
  const ChangedCase changed;
  changed.change("expected.safetensors", "logits", [](at::Tensor t) { return t.add_(1e-3); });
  changed.change("after_3_steps.safetensors", "classifier.out_proj.bias",
                 [](at::Tensor t) { return t.sub_(2e-4); });
  const CaseReport report = changed.verify();
  EXPECT_FALSE(report.passed());
  const std::string text = to_text(report);
  EXPECT_THAT(text, HasSubstr("1.0e-03  too far\n"));
  EXPECT_THAT(text, HasSubstr("2.0e-04  too far  classifier.out_proj.bias\n"));
  EXPECT_THAT(text, HasSubstr("failed: not everything is within 1.0e-05\n"));
  const auto json = nlohmann::json::parse(to_json(report));
  EXPECT_FALSE(json["passed"]);
  EXPECT_TRUE(verify_case(changed.folder().path(), 1e-2).passed());
}

TEST(VerifyTest, NotANumberIsTooFar) {
  NCMLAB_NEEDS(golden_data() / "models" / "codebert_defect");
  const ChangedCase changed;
  changed.change("expected.safetensors", "loss", [](at::Tensor t) { return t.fill_(NAN); });
  EXPECT_FALSE(changed.verify().passed());
}

TEST(VerifyTest, ListsTensorsThatOnlyOneSideHas) {
  NCMLAB_NEEDS(golden_data() / "models" / "codebert_defect");
  const ChangedCase changed;
  changed.change("after_3_steps.safetensors", "classifier.dense.bias",
                 [](at::Tensor) { return at::Tensor(); });
  const CaseReport report = changed.verify();
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_THAT(report.problems[0], HasSubstr("`classifier.dense.bias` of shape [48]"));
}

TEST(VerifyTest, RefusesAFolderWithoutACase) {
  const ScratchFolder folder;
  for (const char* text : {"", "[]", "{}", R"({"task": 3})"}) {
    folder.write("case.json", text);
    EXPECT_EQ(code_of([&] { verify_case(folder.path(), 1e-5); }), "checkpoint.bad-case") << text;
  }
}

TEST(VerifyTest, RefusesCasesThatCannotBeRun) {
  NCMLAB_NEEDS(golden_data() / "models" / "codebert_defect");
  const ChangedCase changed;
  const auto with = [&](const char* key, const nlohmann::json& value) -> std::string {
    const fs::path file = changed.folder() / "case.json";
    const std::string before = read_file(file);
    auto json = nlohmann::json::parse(before);
    json[key] = value;
    write_file_atomically(file, json.dump());
    std::string message;
    try {
      changed.verify();
    } catch (const Error& error) {
      message = error.diagnostics().front().code + ": " + error.diagnostics().front().message;
    }
    write_file_atomically(file, before);
    return message;
  };
  EXPECT_THAT(with("task", "translation"), HasSubstr("unknown task `translation`"));
  EXPECT_THAT(with("pooling", "max"), HasSubstr("unknown pooling `max`"));
  EXPECT_THAT(with("lengths", {1, 2}), HasSubstr("gives 2 lengths"));
  EXPECT_THAT(with("lengths", {128, 17, 3, 1e300}), HasSubstr("no valid `lengths`"));
  EXPECT_THAT(with("pad_token_id", UINT64_MAX), HasSubstr("no valid `pad_token_id`"));
  EXPECT_THAT(with("optimizer", 3), HasSubstr("checkpoint.bad-case"));
}

TEST(VerifyTest, RefusesCasesThatAreNoGoodJson) {
  const ScratchFolder folder;
  const auto refusal = [&](const std::string& text) {
    folder.write("case.json", text);
    const Diagnostic problem = error_of([&] { verify_case(folder.path(), 1e-5); });
    EXPECT_EQ(problem.code, "checkpoint.bad-case");
    EXPECT_THAT(problem.message, HasSubstr((folder / "case.json").string()));
    return problem.message;
  };
  EXPECT_THAT(refusal("{\"task\": "), HasSubstr("no valid JSON at byte 10"));
  EXPECT_THAT(refusal("{\"lengths\": [1e999]}"), HasSubstr("a number out of range"));
  EXPECT_THAT(refusal(std::string(200'000, '[')), HasSubstr("more than 100 levels deep"));
  EXPECT_THAT(refusal("[]"), HasSubstr("no valid `task`"));
}

}  // namespace
}  // namespace ncmlab
