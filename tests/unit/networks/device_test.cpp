// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/device.hpp"

#include <gtest/gtest.h>
#include <torch/cuda.h>

#include "error_of.hpp"
#include "golden_case.hpp"
#include "kernels/fused_ops.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "small_model.hpp"

namespace ncmlab {
namespace {

std::string code(const char* name) {
  return code_of([&] { find_device(name); });
}

TEST(DeviceTest, KnowsItsNames) {
  for (const char* name : {"auto", "cpu", "cuda:0", "cuda:15"}) {
    EXPECT_TRUE(is_device_name(name)) << name;
  }
  for (const char* name : {"", "gpu", "cuda", "cuda:", "cuda:x", "cuda:-1", "CPU", "cuda:100"}) {
    EXPECT_FALSE(is_device_name(name)) << name;
    EXPECT_EQ(code(name), "device.unknown") << name;
  }
}

TEST(DeviceTest, FindsWhatIsThereAndNamesWhatIsNot) {
  EXPECT_TRUE(find_device("cpu").is_cpu());
  EXPECT_EQ(code("cuda:99"), "device.missing");
  EXPECT_EQ(find_device("auto").is_cuda(), torch::cuda::is_available());
  EXPECT_EQ(code("cuda:0"), torch::cuda::is_available() ? "" : "device.missing");
}

// The device `meta` keeps shapes and no numbers; it stands for one that is not there.
TEST(OtherDeviceTest, AVictimMovesWithAllItsParameters) {
  CodeModel victim = testing::small_model(1);
  victim.to(at::kMeta);
  EXPECT_TRUE(victim.encoder().device().is_meta());
  for (const auto& [name, tensor] : victim.parameters()) {
    EXPECT_TRUE(tensor.is_meta()) << name;
    EXPECT_TRUE(tensor.requires_grad()) << name;
    EXPECT_TRUE(tensor.is_leaf()) << name;
  }
  EXPECT_TRUE(victim.clone().encoder().device().is_meta());
}

TEST(OtherDeviceTest, AnArchitectureThatDoesNotKnowHowToMoveStaysWhereItIs) {
  CodeModel victim = testing::small_model(1);
  Encoder& encoder = victim.encoder();
  EXPECT_EQ(code_of([&] { encoder.Encoder::to(at::kCPU); }), "");
  EXPECT_EQ(code_of([&] { encoder.Encoder::to(at::kMeta); }), "device.unsupported");
  EXPECT_TRUE(encoder.device().is_cpu());
}

TEST(OtherDeviceTest, TheSameDeviceKeepsTheParameters) {
  CodeModel victim = testing::small_model(1);
  const auto* before = victim.encoder().embedding_table().unsafeGetTensorImpl();
  victim.to(at::kCPU);
  EXPECT_EQ(victim.encoder().embedding_table().unsafeGetTensorImpl(), before);
}

/// The logits of a victim for three samples, then the gradients of its parameters.
std::vector<at::Tensor> pass(Pooling pooling) {
  CodeModel victim = testing::small_model(1, {}, 0, pooling);
  const auto samples = testing::random_samples(victim, 3, 1, Rng(2));
  const at::Tensor logits = victim.logits(make_batch(samples, {0, 1, 2}, 1), true);
  victim.head().losses(logits, torch::tensor({0, 1, 1}, at::kLong)).sum().backward();
  std::vector<at::Tensor> result = {logits, victim.predict_logits(samples)};
  for (const auto& [name, tensor] : victim.parameters()) {
    result.push_back(tensor.grad());
  }
  return result;
}

TEST(OtherDeviceTest, ItsOperatorsGiveTheSameModel) {
  for (const Pooling pooling : {Pooling::cls, Pooling::mean}) {
    const auto fused = pass(pooling);
    ops::use_plain_operators(true);
    const auto plain = pass(pooling);
    ops::use_plain_operators(false);
    ASSERT_EQ(fused.size(), plain.size());
    for (std::size_t i = 0; i < fused.size(); ++i) {
      const double size = fused[i].abs().max().item<double>();
      EXPECT_LT(testing::difference(fused[i], plain[i]), 1e-5 * (1 + size)) << i;
    }
  }
}

}  // namespace
}  // namespace ncmlab
