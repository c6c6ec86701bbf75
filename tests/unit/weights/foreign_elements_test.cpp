// SPDX-License-Identifier: Apache-2.0
#include "weights/foreign_elements.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "error_of.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/networks/head.hpp"
#include "ncmlab/weights/state_dict.hpp"
#include "networks/tensor_source.hpp"
#include "scratch_folder.hpp"
#include "torch_file.hpp"

namespace ncmlab {
namespace {

using ::testing::HasSubstr;
using testing::little;
using testing::pickle_int;
using testing::pickle_text;
using testing::pickle_tuple;

/// A safetensors file with `x` of this type and shape, followed by `w`, F32 [1].
std::string with_type(const std::string& type, const std::string& shape, std::size_t bytes) {
  const std::string end = std::to_string(bytes);
  const std::string header = R"({"x":{"dtype":")" + type + R"(","shape":)" + shape +
                             R"(,"data_offsets":[0,)" + end +
                             R"(]},"w":{"dtype":"F32","shape":[1],"data_offsets":[)" + end + "," +
                             std::to_string(bytes + 4) + "]}}";
  std::string data;
  for (std::size_t i = 0; i < bytes + 4; ++i) {
    data += static_cast<char>(i);
  }
  return little(header.size(), 8) + header + data;
}

TEST(ForeignElementsTest, SafetensorsOfEveryOtherTypeAreCarried) {
  const ScratchFolder folder;
  const std::tuple<const char*, const char*, std::size_t> types[] = {
      {"U16", "[3]", 6},     {"U32", "[2,2]", 16},     {"U64", "[1]", 8},       {"C64", "[2]", 16},
      {"F8_E4M3", "[5]", 5}, {"F8_E5M2", "[5]", 5},    {"F8_E8M0", "[0,7]", 0}, {"F4", "[6]", 3},
      {"F6_E2M3", "[4]", 3}, {"F8_E4M3FNUZ", "[]", 1}, {"F16_X2", "[3]", 11}};
  for (const auto& [type, shape, bytes] : types) {
    const auto file = folder.write("a.safetensors", with_type(type, shape, bytes));
    const StateDict read = read_safetensors(file);
    const ForeignElements* foreign = foreign_elements(read.at("x"));
    ASSERT_NE(foreign, nullptr) << type;
    EXPECT_EQ(foreign->type, type);
    EXPECT_EQ(foreign->bytes.numel(), static_cast<std::int64_t>(bytes)) << type;
    EXPECT_EQ(foreign_elements(read.at("w")), nullptr);
    write_safetensors(folder / "b.safetensors", read);
    const StateDict again = read_safetensors(folder / "b.safetensors");
    EXPECT_EQ(foreign_elements(again.at("x"))->shape, foreign->shape) << type;
    EXPECT_TRUE(at::equal(foreign_elements(again.at("x"))->bytes, foreign->bytes)) << type;
  }
}

TEST(ForeignElementsTest, SizesOfKnownTypesAreChecked) {
  const ScratchFolder folder;
  const std::tuple<const char*, const char*, std::size_t> bad[] = {
      {"U64", "[1]", 7}, {"F4", "[3]", 2}, {"C64", "[1]", 4}, {"F8_E4M3", "[5]", 6},
      {"u64", "[1]", 8}, {"", "[1]", 8},   {"U 8", "[1]", 1}};
  for (const auto& [type, shape, bytes] : bad) {
    const auto file = folder.write("a.safetensors", with_type(type, shape, bytes));
    EXPECT_EQ(code_of([&] { read_safetensors(file); }), "checkpoint.bad-safetensors") << type;
  }
}

TEST(ForeignElementsTest, ATensorThatIsNeededIsAnErrorWithItsType) {
  const ScratchFolder folder;
  const StateDict read =
      read_safetensors(folder.write("a.safetensors", with_type("F8_E4M3", "[2]", 2)));
  StoredTensors stored(read);
  EXPECT_FALSE(stored.copy("x", {2}).defined());
  const Diagnostic problem = error_of([&] { stored.check(); });
  EXPECT_EQ(problem.code, "checkpoint.bad-dtype");
  EXPECT_THAT(problem.message, HasSubstr("`x` of shape [2] is stored as F8_E4M3"));
  StateDict head;
  head.add("weight", torch::ones({2, 4}));
  head.add("bias", read.at("x"));
  HeadShape shape;
  shape.hidden = 4;
  EXPECT_EQ(code_of([&] { Head(shape, head); }), "checkpoint.bad-dtype");
}

/// A torch.save archive with one tensor `x` of two elements in a storage of eight bytes.
std::string pickled(const std::string& rebuild, const std::string& storage_class, int elements,
                    const std::string& type) {
  const std::string pickle = "\x80\x02}" + pickle_text("x") + "ctorch._utils\n" + rebuild + "\n((" +
                             pickle_text("storage") + "c" + storage_class + "\n" +
                             pickle_text("0") + pickle_text("cpu") + pickle_int(elements) + "tQ" +
                             pickle_int(1) + pickle_tuple({2}) + pickle_tuple({1}) +
                             "\x89"
                             "ccollections\nOrderedDict\n)R" +
                             type + "tRs.";
  return testing::zip({{"m/data.pkl", pickle}, {"m/data/0", "abcdefgh"}});
}

TEST(ForeignElementsTest, TorchPicklesOfOtherTypesAreCarried) {
  const ScratchFolder folder;
  const auto bytes_of = [&](const std::string& archive) {
    const StateDict read = read_torch_pickle(folder.write("a.bin", archive));
    const ForeignElements* foreign = foreign_elements(read.at("x"));
    const at::Tensor bytes = foreign->bytes.contiguous();
    return foreign->type + " " +
           std::string(static_cast<const char*>(bytes.data_ptr()), bytes.nbytes());
  };
  EXPECT_EQ(bytes_of(pickled("_rebuild_tensor_v3", "torch.storage\nUntypedStorage", 8,
                             "ctorch\nuint16\n")),
            "U16 cdef");
  EXPECT_EQ(bytes_of(pickled("_rebuild_tensor_v3", "torch.storage\nUntypedStorage", 8,
                             "ctorch\nfloat8_e4m3fn\n")),
            "F8_E4M3 bc");
  EXPECT_EQ(bytes_of(pickled("_rebuild_tensor_v3", "torch\nByteStorage", 8, "ctorch\nuint16\n")),
            "U16 cdef");
  const std::string complex = pickled("_rebuild_tensor_v2", "torch\nComplexFloatStorage", 1, "");
  EXPECT_EQ(code_of([&] { read_torch_pickle(folder.write("a.bin", complex)); }),
            "checkpoint.bad-tensor");
  EXPECT_EQ(code_of([&] {
              bytes_of(pickled("_rebuild_tensor_v3", "torch.storage\nUntypedStorage", 8,
                               "ctorch\nuint64\n"));
            }),
            "checkpoint.bad-tensor");
}

TEST(ForeignElementsTest, TypedTensorsLieInStoragesOfBytes) {
  const ScratchFolder folder;
  for (const std::string storage :
       {"FloatStorage", "HalfStorage", "CharStorage", "BoolStorage", "ComplexFloatStorage"}) {
    const std::string archive =
        pickled("_rebuild_tensor_v3", "torch\n" + storage, 1, "ctorch\nuint16\n");
    const Diagnostic problem = error_of([&] { read_torch_pickle(folder.write("a.bin", archive)); });
    EXPECT_EQ(problem.code, "checkpoint.bad-pickle") << storage;
    EXPECT_THAT(problem.message, HasSubstr("for a tensor of type `torch.uint16`")) << storage;
  }
}

}  // namespace
}  // namespace ncmlab
