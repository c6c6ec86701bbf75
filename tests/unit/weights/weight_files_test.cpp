// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <string>

#include "error_of.hpp"
#include "ncmlab/weights/state_dict.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kIndex = "model.safetensors.index.json";

/// A folder with two shards, `a` and `b` in the first, `c` in the second.
class ShardsTest : public testing::Test {
 protected:
  ShardsTest() {
    StateDict first, second;
    first.add("a", torch::full({2}, 1.0));
    first.add("b", torch::full({3}, 2.0));
    second.add("c", torch::full({4}, 3.0));
    write_safetensors(folder_ / "one.safetensors", first);
    write_safetensors(folder_ / "two.safetensors", second);
    write_index(R"({"a": "one.safetensors", "b": "one.safetensors", "c": "two.safetensors"})");
  }

  void write_index(const std::string& weight_map) const {
    folder_.write(kIndex, R"({"metadata": {}, "weight_map": )" + weight_map + "}");
  }
  /// What reading the folder is refused with.
  std::string refusal() const {
    const Diagnostic first = error_of([&] { read_weights(folder_.path()); });
    return first.code + ": " + first.message;
  }

  const ScratchFolder folder_;
};

TEST_F(ShardsTest, AreReadAsOneThroughTheFolderAndThroughTheIndex) {
  for (const fs::path& path : {folder_.path(), folder_ / kIndex}) {
    const StateDict weights = read_weights(path);
    EXPECT_EQ(weights.size(), 3u);
    EXPECT_TRUE(at::equal(weights.at("a"), torch::full({2}, 1.0)));
    EXPECT_TRUE(at::equal(weights.at("b"), torch::full({3}, 2.0)));
    EXPECT_TRUE(at::equal(weights.at("c"), torch::full({4}, 3.0)));
  }
}

TEST_F(ShardsTest, AnIndexThatNestsDeepIsRefused) {
  write_index("{\"a\": " + std::string(300000, '[') + std::string(300000, ']') + "}");
  EXPECT_THAT(refusal(), HasSubstr("nest more than 100 levels"));
}

TEST_F(ShardsTest, AMissingShardIsNamed) {
  fs::remove(folder_ / "two.safetensors");
  EXPECT_THAT(refusal(), HasSubstr("two.safetensors"));
}

TEST_F(ShardsTest, ATensorThatIsNotInItsShardIsNamed) {
  write_index(
      R"({"a": "one.safetensors", "b": "one.safetensors", "c": "two.safetensors",
          "d": "two.safetensors"})");
  EXPECT_THAT(refusal(), HasSubstr("tensor `d` is not in `two.safetensors`"));
}

TEST_F(ShardsTest, ATensorThatTheIndexDoesNotExpectIsNamed) {
  write_index(R"({"a": "one.safetensors", "c": "two.safetensors"})");
  EXPECT_THAT(refusal(), HasSubstr("tensor `b` lies in `one.safetensors`"));
}

TEST_F(ShardsTest, FilesOutsideTheFolderAreNotRead) {
  for (const char* file : {"../one.safetensors", "/etc/passwd", "..", ""}) {
    write_index(std::string(R"({"a": ")") + file + "\"}");
    EXPECT_THAT(refusal(), testing::StartsWith("checkpoint.bad-index: ")) << file;
    EXPECT_THAT(refusal(), HasSubstr("not the name of a file beside it")) << file;
  }
}

TEST_F(ShardsTest, AnIndexOfAnotherShapeIsRefused) {
  for (const char* text : {"", "[]", "{}", R"({"weight_map": 1})", R"({"weight_map": {"a": 1}})"}) {
    folder_.write(kIndex, text);
    EXPECT_THAT(refusal(), testing::StartsWith("checkpoint.bad-index: ")) << text;
  }
}

TEST(HeadFileTest, AHeadThatTheWeightsHoldTooIsRefused) {
  const ScratchFolder folder;
  StateDict weights, head;
  weights.add("classifier.bias", torch::zeros({2}));
  head.add("weight", torch::ones({2, 3}));
  write_safetensors(folder / "model.safetensors", weights);
  write_safetensors(folder / "classifier.safetensors", head);
  EXPECT_EQ(read_weights(folder.path()).size(), 2u);
  head.add("bias", torch::ones({2}));
  write_safetensors(folder / "classifier.safetensors", head);
  const Diagnostic refusal = error_of([&] { read_weights(folder.path()); });
  EXPECT_EQ(refusal.code, "checkpoint.two-heads");
  EXPECT_THAT(refusal.message, HasSubstr("the head's `bias`"));
}

}  // namespace
}  // namespace ncmlab
