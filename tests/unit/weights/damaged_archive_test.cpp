// SPDX-License-Identifier: Apache-2.0
// Archives whose parts contradict each other, and pickles that would take time or memory without
// bound.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "error_of.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/weights/state_dict.hpp"
#include "scratch_folder.hpp"
#include "torch_file.hpp"

namespace ncmlab {
namespace {

using ::testing::HasSubstr;
using testing::little;
using testing::pickle_int;
using testing::pickle_text;

Diagnostic refusal(const std::string& archive) {
  const ScratchFolder folder;
  const auto file = folder.write("a.bin", archive);
  return error_of([&] { read_torch_pickle(file); });
}

TEST(DamagedArchiveTest, AFlippedBitOfTheWeightsIsFound) {
  const ScratchFolder folder;
  StateDict dict;
  dict.add("weight", torch::full({4}, 1.5F));
  const auto file = folder / "a.bin";
  write_torch_pickle(file, dict);
  std::string bytes = read_file(file);
  const std::string number = testing::raw(std::vector<float>{1.5F, 1.5F});
  bytes[bytes.find(number)] ^= 1;
  const Diagnostic problem = refusal(bytes);
  EXPECT_EQ(problem.code, "checkpoint.bad-zip");
  EXPECT_THAT(problem.message, HasSubstr("data/0` were changed: expected the CRC-32"));
}

TEST(DamagedArchiveTest, AnArchiveWithoutAnyChecksumIsRead) {
  const ScratchFolder folder;
  const std::string pickle =
      testing::pickle_state_dict({{.name = "x", .elements = 2, .sizes = {2}, .strides = {1}}});
  const auto file = folder.write(
      "a.bin",
      testing::zip({{"m/data.pkl", pickle}, {"m/data/0", testing::raw(std::vector<float>{1, 2})}}));
  EXPECT_EQ(read_torch_pickle(file).at("x").sum().item<float>(), 3);
}

TEST(DamagedArchiveTest, EntriesMayNotShareBytes) {
  const std::string archive = testing::zip({{"m/data.pkl", "}."}, {"m/data/0", "abcd"}});
  const std::size_t directory = archive.find("PK\1\2");
  const std::size_t second = archive.find("PK\1\2", directory + 1);
  constexpr std::size_t kOffset = 42, kSize = 20;
  std::string same = archive;
  same.replace(second + kOffset, 4, little(0, 4));
  EXPECT_THAT(refusal(same).message, HasSubstr("overlaps"));
  std::string longer = archive;
  longer.replace(directory + kSize, 8, little(3, 4) + little(3, 4));
  EXPECT_THAT(refusal(longer).message, HasSubstr("`m/data.pkl` overlaps entry `m/data/0`"));
  longer = archive;
  longer.replace(second + kSize, 8, little(5, 4) + little(5, 4));
  EXPECT_THAT(refusal(longer).message, HasSubstr("`m/data/0` overlaps the zip directory"));
  // The local header claims an extra field that reaches into the next entry.
  std::string extra = archive;
  extra.replace(28, 2, little(1, 2));
  EXPECT_THAT(refusal(extra).message, HasSubstr("overlaps what follows it"));
}

/// An archive of tensors `t0`, `t1`, ... whose sizes and strides are all the one value that
/// `sizes` builds; `after` builds further keys and values.
std::string sharing(const std::string& sizes, int tensors, const std::string& after = {}) {
  const std::string zero("K\0", 2);
  std::string pickle = "\x80\x02" + sizes + "q\1(" + pickle_text("storage") +
                       "ctorch\nFloatStorage\n" + pickle_text("0") + pickle_text("cpu") +
                       pickle_int(4) + "tQq\2ctorch._utils\n_rebuild_tensor_v2\nq\3}(";
  for (int i = 0; i < tensors; ++i) {
    pickle += pickle_text("t" + std::to_string(i)) + "h\3(h\2" + zero + "h\1h\1\x89NtR";
  }
  return testing::zip({{"m/data.pkl", pickle + after + "u."},
                       {"m/data/0", testing::raw(std::vector<float>{1, 2, 3, 4})}});
}

// 1.3 MB took half a minute when each tensor looked through the tuple.
TEST(DamagedArchiveTest, TensorsThatShareALongTupleCostNoMoreThanTheirBytes) {
  std::string sizes = "(";
  for (int i = 0; i < 200000; ++i) {
    sizes += "K\1";
  }
  const Diagnostic problem = refusal(sharing(sizes + "t", 40000));
  EXPECT_EQ(problem.code, "checkpoint.bad-pickle");
  EXPECT_THAT(problem.message, HasSubstr("more than 16 dimensions"));
}

TEST(DamagedArchiveTest, AListThatGrowsAfterATensorWasDescribedDoesNotChangeIt) {
  const ScratchFolder folder;
  const std::string grow = pickle_text("x") +
                           "h\1(K\1J\xff\xff\xff\xff"
                           "e";
  const auto file = folder.write("a.bin", sharing("](K\1e", 1, grow));
  EXPECT_EQ(read_torch_pickle(file).at("t0").sizes(), (std::vector<std::int64_t>{1}));
}

}  // namespace
}  // namespace ncmlab
