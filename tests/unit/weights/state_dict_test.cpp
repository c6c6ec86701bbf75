// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/weights/state_dict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <unistd.h>

#include <fstream>

#include "error_of.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/rng.hpp"
#include "shared_data.hpp"
#include "torch_file.hpp"

namespace ncmlab {
namespace {

using testing::little;
using testing::pickle_state_dict;
using testing::pickle_text;
using testing::PickledTensor;
using testing::raw;
using testing::zip;

std::filesystem::path temporary(const std::string& name) {
  return std::filesystem::path(::testing::TempDir()) /
         ("ncmlab_state_dict_" + std::to_string(getpid()) + "_" + name);
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// The code of the Error that reading the bytes throws; empty when it succeeds.
template <typename Read>
std::string error_code(Read read, const std::filesystem::path& file, const std::string& bytes) {
  write(file, bytes);
  return code_of([&] { read(file); });
}

std::string safetensors(const std::string& header, const std::string& data) {
  return little(header.size(), 8) + header + data;
}

const std::vector<float> kNumbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

std::string small_checkpoint(const std::vector<PickledTensor>& tensors, bool zip64 = false) {
  return zip({{"m/data.pkl", pickle_state_dict(tensors)}, {"m/data/0", raw(kNumbers)}}, zip64);
}

TEST(StateDictTest, NamesTheNearestTensorWhenOneIsMissing) {
  StateDict dict;
  dict.add("dense.weight", torch::ones({2}));
  try {
    dict.at("dense.wieght");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "checkpoint.missing-tensor");
    EXPECT_THAT(error.diagnostics().front().help.front(), ::testing::HasSubstr("dense.weight"));
  }
}

TEST(StateDictTest, BelowStripsThePrefixAndCloneSharesNothing) {
  StateDict dict;
  dict.add("a.x", torch::zeros({2}));
  dict.add("b.x", torch::ones({2}));
  const StateDict below = dict.below("a.");
  ASSERT_EQ(below.size(), 1u);
  EXPECT_EQ(below.at("x").data_ptr(), dict.at("a.x").data_ptr());
  const StateDict copy = dict.clone();
  copy.at("a.x").fill_(5);
  EXPECT_EQ(dict.at("a.x").sum().item<float>(), 0);
}

TEST(SafetensorsTest, KeepsEveryTypeShapeAndTheOrder) {
  StateDict dict;
  const at::Tensor values = torch::arange(12).reshape({3, 4});
  for (const auto type :
       {torch::kFloat, torch::kHalf, torch::kBFloat16, torch::kDouble, torch::kLong, torch::kInt,
        torch::kShort, torch::kChar, torch::kByte, torch::kBool}) {
    dict.add(std::string("t") + c10::toString(type), values.to(type).t());
  }
  dict.add("empty", torch::empty({0, 3}));
  dict.add("scalar", torch::tensor(2.5));
  const auto file = temporary("all.safetensors");
  write_safetensors(file, dict);
  const StateDict read = read_safetensors(file);
  ASSERT_EQ(read.size(), dict.size());
  for (auto a = dict.begin(), b = read.begin(); a != dict.end(); ++a, ++b) {
    EXPECT_EQ(a->first, b->first);
    EXPECT_EQ(a->second.scalar_type(), b->second.scalar_type());
    EXPECT_TRUE(at::equal(a->second, b->second)) << a->first;
  }
}

TEST(SafetensorsTest, RefusesHeadersThatDoNotFitTheFile) {
  const auto file = temporary("bad.safetensors");
  const auto code = [&](const std::string& header) {
    return error_code(read_safetensors, file, safetensors(header, std::string(8, 'x')));
  };
  EXPECT_EQ(code(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})"), "");
  const std::string bad = "checkpoint.bad-safetensors";
  EXPECT_EQ(code(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})"), bad);
  EXPECT_EQ(code(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})"), bad);
  EXPECT_EQ(code(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})"), bad);
  EXPECT_EQ(code(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})"), bad);
  EXPECT_EQ(code(R"({"a":{"dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}})"),
            bad);
  EXPECT_EQ(code(R"({"a":{"dtype":"F4","shape":[2],"data_offsets":[0,8]}})"), bad);
  EXPECT_EQ(code(R"({"a":{"dtype":"F32","shape":[2]}})"), bad);
  EXPECT_EQ(code(R"([1])"), bad);
  EXPECT_EQ(code("{"), bad);
  EXPECT_EQ(error_code(read_safetensors, file, little(UINT64_MAX, 8) + "{}"),
            "checkpoint.truncated");
  EXPECT_EQ(error_code(read_safetensors, file, "abc"), "checkpoint.truncated");
}

TEST(SafetensorsTest, EveryTruncationIsAnError) {
  StateDict dict;
  dict.add("weight", torch::ones({4}));
  const auto file = temporary("cut.safetensors");
  write_safetensors(file, dict);
  const std::string whole = read_file(file);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(error_code(read_safetensors, file, whole.substr(0, length)), "") << length;
  }
}

TEST(TorchPickleTest, ReadsViewsWithStridesAndOffsetsOfOneStorage) {
  for (const bool zip64 : {false, true}) {
    const auto file = temporary("views.bin");
    write(file, small_checkpoint(
                    {{.name = "all", .elements = 12, .sizes = {3, 4}, .strides = {4, 1}},
                     {.name = "turned", .elements = 12, .sizes = {4, 3}, .strides = {1, 4}},
                     {.name = "tail", .elements = 12, .offset = 8, .sizes = {4}, .strides = {1}},
                     {.name = "scalar", .elements = 12, .offset = 5, .sizes = {}, .strides = {}}},
                    zip64));
    const StateDict dict = read_torch_pickle(file);
    ASSERT_EQ(dict.size(), 4u);
    EXPECT_TRUE(at::equal(dict.at("turned").t(), dict.at("all")));
    EXPECT_TRUE(at::equal(dict.at("tail"), torch::tensor({8.F, 9.F, 10.F, 11.F})));
    EXPECT_EQ(dict.at("scalar").item<float>(), 5);
    EXPECT_TRUE(dict.at("all").is_alias_of(dict.at("tail")));
  }
}

TEST(TorchPickleTest, ReadsEveryStorageType) {
  const at::Tensor numbers = torch::tensor({1.F, 2.F, 3.F});
  const std::pair<const char*, at::ScalarType> types[] = {
      {"HalfStorage", torch::kHalf}, {"BFloat16Storage", torch::kBFloat16},
      {"LongStorage", torch::kLong}, {"DoubleStorage", torch::kDouble},
      {"IntStorage", torch::kInt},   {"ByteStorage", torch::kByte}};
  for (const auto& [name, type] : types) {
    const at::Tensor stored = numbers.to(type);
    const std::string bytes(static_cast<const char*>(stored.data_ptr()), stored.nbytes());
    const std::string pickle = pickle_state_dict(
        {{.name = "x", .storage_class = name, .elements = 3, .sizes = {3}, .strides = {1}}});
    const auto file = temporary("types.bin");
    write(file, zip({{"archive/data.pkl", pickle}, {"archive/data/0", bytes}}));
    const StateDict dict = read_torch_pickle(file);
    EXPECT_EQ(dict.at("x").scalar_type(), type);
    EXPECT_TRUE(at::equal(dict.at("x").to(torch::kFloat), numbers)) << name;
  }
}

TEST(TorchPickleTest, FlattensNestedDictionariesAndSkipsOtherValues) {
  const std::string tensor = testing::pickle_tensor({.elements = 12, .sizes = {2}, .strides = {1}});
  const std::string pickle = "\x80\x02}(" + pickle_text("epoch") + "K\x07" + pickle_text("model") +
                             "}" + pickle_text("w") + tensor + "su.";
  const auto file = temporary("nested.bin");
  write(file, zip({{"m/data.pkl", pickle}, {"m/data/0", raw(kNumbers)}}));
  const StateDict dict = read_torch_pickle(file);
  ASSERT_EQ(dict.size(), 1u);
  EXPECT_EQ(dict.at("model.w").numel(), 2);
}

TEST(TorchPickleTest, RefusesByNameWhatIsNotATensor) {
  const auto file = temporary("evil.bin");
  write(file, zip({{"m/data.pkl",
                    "\x80\x02"
                    "cos\nsystem\n" +
                        pickle_text("ls") + "\x85R."}}));
  try {
    read_torch_pickle(file);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "checkpoint.unsafe-pickle");
    EXPECT_THAT(error.what(), ::testing::HasSubstr("`os.system`"));
  }
  const auto code = [&](const std::string& pickle) {
    return error_code(read_torch_pickle, file,
                      zip({{"m/data.pkl", pickle}, {"m/data/0", raw(kNumbers)}}));
  };
  EXPECT_EQ(code("\x80\x04" + pickle_text("builtins") + pickle_text("eval") + "\x93."),
            "checkpoint.unsafe-pickle");
  EXPECT_EQ(code("\x80\x02"
                 "ccollections\nOrderedDict\n)\x81."),
            "checkpoint.unsafe-pickle");
  EXPECT_EQ(code("\x80\x02K\x01}b."), "checkpoint.unsafe-pickle");
  EXPECT_EQ(code("\x80\x02K\x01."), "checkpoint.bad-pickle");
  EXPECT_EQ(code("\x80\x02}\x71\x01"
                 "(" +
                 pickle_text("a") + "h\x01u."),
            "checkpoint.bad-tensor");
}

TEST(TorchPickleTest, RefusesTensorsThatReachBeyondTheirStorage) {
  const auto file = temporary("reach.bin");
  const auto code = [&](const PickledTensor& tensor) {
    return error_code(read_torch_pickle, file, small_checkpoint({tensor}));
  };
  EXPECT_EQ(code({.name = "x", .elements = 12, .sizes = {12}, .strides = {1}}), "");
  const std::string bad = "checkpoint.bad-tensor";
  EXPECT_EQ(code({.name = "x", .elements = 12, .sizes = {13}, .strides = {1}}), bad);
  EXPECT_EQ(code({.name = "x", .elements = 12, .offset = 1, .sizes = {12}, .strides = {1}}), bad);
  EXPECT_EQ(code({.name = "x", .elements = 12, .sizes = {3, 4}, .strides = {5, 1}}), bad);
  EXPECT_EQ(code({.name = "x", .elements = 12, .sizes = {1 << 30, 1 << 30}, .strides = {0, 0}}),
            bad);
  EXPECT_EQ(code({.name = "x",
                  .elements = 12,
                  .sizes = {0, 1 << 30, 1 << 30, 1 << 30},
                  .strides = {1, 1, 1, 1}}),
            bad);
  EXPECT_EQ(code({.name = "x", .elements = 1 << 30, .sizes = {1 << 30}, .strides = {1}}), bad);
  EXPECT_EQ(code({.name = "x", .elements = 12, .offset = -1, .sizes = {1}, .strides = {1}}),
            "checkpoint.bad-pickle");
  EXPECT_EQ(code({.name = "x", .key = "9", .elements = 12, .sizes = {1}, .strides = {1}}),
            "checkpoint.bad-zip");
}

TEST(TorchPickleTest, TruncatedAndGarbledFilesAreErrorsAndNeverCrash) {
  const std::string whole = small_checkpoint(
      {{.name = "weight", .elements = 12, .sizes = {3, 4}, .strides = {4, 1}}}, true);
  const auto file = temporary("garbled.bin");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(error_code(read_torch_pickle, file, whole.substr(0, length)), "") << length;
  }
  Rng rng(7);
  int errors = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = whole;
    for (std::uint64_t change = 1 + rng.below(3); change-- > 0;) {
      bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    }
    errors += error_code(read_torch_pickle, file, bytes).empty() ? 0 : 1;
  }
  EXPECT_GT(errors, 1000);
}

TEST(TorchPickleTest, ReadsTheFormatBeforePyTorch16) {
  const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  const std::string pickle = pickle_state_dict(
      {{.name = "x", .key = "42", .elements = 12, .offset = 2, .sizes = {3}, .strides = {2}}});
  const std::string whole = magic + "\x80\x02M\xe9\x03." + "\x80\x02}." + pickle + "\x80\x02](" +
                            pickle_text("42") + "e." + little(12, 8) + raw(kNumbers);
  const auto file = temporary("legacy.bin");
  write(file, whole);
  EXPECT_TRUE(at::equal(read_torch_pickle(file).at("x"), torch::tensor({2.F, 4.F, 6.F})));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(error_code(read_torch_pickle, file, whole.substr(0, length)), "") << length;
  }
}

TEST(TorchPickleTest, AgreesWithSafetensorsOnTheSameModel) {
  const auto folder = golden_data() / "models" / "codebert_defect" / "hf";
  NCMLAB_NEEDS(folder);
  const StateDict pickle = read_torch_pickle(folder / "pytorch_model.bin");
  const StateDict safetensors = read_weights(folder);
  ASSERT_EQ(pickle.size(), safetensors.size());
  ASSERT_GT(pickle.size(), 40u);
  for (const auto& [name, tensor] : pickle) {
    EXPECT_TRUE(at::equal(tensor, safetensors.at(name))) << name;
  }
}

TEST(TorchPickleTest, ReadsARealCheckpointWithMetadata) {
  const auto folder = real_data() / "models" / "codebert-3mb-devign";
  NCMLAB_NEEDS(folder);
  const StateDict dict = read_weights(folder);
  EXPECT_EQ(dict.at("encoder.roberta.embeddings.word_embeddings.weight").sizes(),
            (std::vector<std::int64_t>{1000, 96}));
  EXPECT_EQ(dict.at("encoder.roberta.embeddings.position_ids").scalar_type(), torch::kLong);
}

TEST(ReadWeightsTest, SaysWhatAFolderWithoutWeightsLacks) {
  const auto folder = temporary("nothing");
  std::filesystem::create_directories(folder);
  try {
    read_weights(folder);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "checkpoint.no-weights");
  }
  EXPECT_THROW(read_weights(folder / "absent.bin"), Error);
}

}  // namespace
}  // namespace ncmlab
