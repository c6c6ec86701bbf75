// SPDX-License-Identifier: Apache-2.0
#include "weights/weight_shapes.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "error_of.hpp"
#include "scratch_folder.hpp"
#include "torch_file.hpp"
#include "weights/foreign_elements.hpp"

namespace ncmlab {
namespace {

TEST(WeightShapesTest, OfOneFileComeFromTheHeader) {
  const ScratchFolder folder;
  const std::string header =
      R"({"__metadata__":{"b":"a"},"a":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},)"
      R"("u":{"dtype":"U16","shape":[2],"data_offsets":[12,16]},)"
      R"("none":{"dtype":"F32","shape":[0,4],"data_offsets":[16,16]}})";
  folder.write("model.safetensors",
               testing::little(header.size(), 8) + header + std::string(16, '\1'));
  const StateDict shapes = read_weight_shapes(folder.path());
  const StateDict whole = read_weights(folder.path());
  ASSERT_EQ(shapes.size(), whole.size());
  for (auto a = shapes.begin(), b = whole.begin(); a != shapes.end(); ++a, ++b) {
    EXPECT_EQ(a->first, b->first);
    EXPECT_EQ(a->second.sizes(), b->second.sizes()) << a->first;
    EXPECT_EQ(a->second.scalar_type(), b->second.scalar_type()) << a->first;
  }
  EXPECT_EQ(shapes.at("a").storage().nbytes(), 2U);
  EXPECT_TRUE(at::equal(shapes.at("a"), torch::zeros({2, 3}, torch::kHalf)));
  EXPECT_EQ(foreign_elements(shapes.at("u"))->type, "U16");
  EXPECT_EQ(foreign_elements(shapes.at("u"))->shape, std::vector<std::int64_t>{2});
}

TEST(WeightShapesTest, OfMoreFilesAreReadWhole) {
  const ScratchFolder folder;
  StateDict weights;
  weights.add("a", torch::ones({2, 3}));
  write_safetensors(folder / "model.safetensors", weights);
  write_safetensors(folder / "classifier.safetensors", weights);
  const StateDict shapes = read_weight_shapes(folder.path());
  ASSERT_EQ(shapes.size(), 2U);
  EXPECT_TRUE(at::equal(shapes.at("a"), weights.at("a")));
  EXPECT_TRUE(at::equal(shapes.at("classifier.a"), weights.at("a")));
}

TEST(WeightShapesTest, AreRefusedAsTheWeightsAre) {
  const ScratchFolder folder;
  const auto codes = [&] {
    return std::pair(code_of([&] { read_weight_shapes(folder.path()); }),
                     code_of([&] { read_weights(folder.path()); }));
  };
  EXPECT_EQ(codes(),
            std::pair(std::string("checkpoint.no-weights"), std::string("checkpoint.no-weights")));
  for (const std::string& bytes : {std::string("abc"), testing::little(UINT64_MAX, 8) + "{}",
                                   testing::little(2, 8) + "{}x", testing::little(2, 8) + "[]"}) {
    folder.write("model.safetensors", bytes);
    const auto [shapes, whole] = codes();
    EXPECT_FALSE(shapes.empty());
    EXPECT_EQ(shapes, whole);
  }
}

}  // namespace
}  // namespace ncmlab
