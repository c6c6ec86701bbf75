// SPDX-License-Identifier: Apache-2.0
// Damaged model files, read from memory. NCMLAB_FUZZ_INPUTS sets how many; see
// framework/docs/checkpoints.md.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <torch/types.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <set>

#include "allocation_watch.hpp"
#include "mutation.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "torch_file.hpp"
#include "weights/weight_readers.hpp"

namespace ncmlab {
namespace {

using testing::AllocationWatch;
using testing::Mutator;
using testing::wanted_inputs;

/// What a reader may take beside the tensors: this many times the file, and a fixed amount.
constexpr long long kTimesTheFile = 64;
constexpr long long kFixed = 256 * 1024;

/// The bytes of all storages, each once.
std::size_t storage_bytes(const StateDict& tensors) {
  std::set<const void*> seen;
  std::size_t total = 0;
  for (const auto& [name, tensor] : tensors) {
    if (seen.insert(tensor.storage().unsafeGetStorageImpl()).second) {
      total += tensor.storage().nbytes();
    }
  }
  return total;
}

/// No address space beyond 2 GiB more than now: a tensor of a size that the file merely claims
/// fails to be allocated, which is not an Error of ncmlab and so fails the test.
class AddressSpaceLimit {
 public:
  AddressSpaceLimit() {
    getrlimit(RLIMIT_AS, &before_);
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit limit = before_;
    limit.rlim_cur = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + (2UL << 30);
    setrlimit(RLIMIT_AS, &limit);
  }
  ~AddressSpaceLimit() { setrlimit(RLIMIT_AS, &before_); }
  AddressSpaceLimit(const AddressSpaceLimit&) = delete;
  AddressSpaceLimit& operator=(const AddressSpaceLimit&) = delete;

 private:
  rlimit before_{};
};

/// Reads damaged inputs; every one is read or refused with an Error, in bounded memory and time.
template <typename Inputs>
void fuzz(Inputs mutator, const std::function<StateDict(FileReader&)>& read) {
  const AddressSpaceLimit limit;
  std::size_t refused = 0;
  long long most_taken = 0;
  double slowest_s = 0;
  const std::size_t inputs = wanted_inputs(20000);
  for (std::size_t i = 0; i < inputs; ++i) {
    const std::string input = mutator.next();
    const auto size = static_cast<long long>(input.size());
    const auto begin = std::chrono::steady_clock::now();
    const long long before = AllocationWatch::start();
    try {
      FileReader file("input", input);
      const StateDict tensors = read(file);
      ASSERT_LE(storage_bytes(tensors), input.size()) << "input " << i;
    } catch (const Error& error) {
      ++refused;
      const std::string& code = error.diagnostics().front().code;
      ASSERT_TRUE(code.starts_with("checkpoint.")) << code << ", input " << i;
    }
    const long long taken = AllocationWatch::peak - before;
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    ASSERT_LE(taken, kTimesTheFile * size + kFixed) << "input " << i << " of " << size << " bytes";
    most_taken = std::max(most_taken, taken);
    slowest_s = std::max(slowest_s, time.count());
  }
  // Both ways through the reader must have been taken.
  EXPECT_GT(refused, inputs / 4);
  EXPECT_LT(refused, inputs);
  std::cout << inputs << " inputs, " << refused << " refused, at most " << most_taken
            << " bytes beside the tensors, slowest " << slowest_s << " s\n";
}

std::string safetensors(const std::string& header, std::size_t data) {
  return testing::little(header.size(), 8) + header + std::string(data, '\1');
}

TEST(WeightsFuzzTest, Safetensors) {
  std::string many = "{";
  for (int i = 0; i < 40; ++i) {
    many += (i > 0 ? ",\"t" : "\"t") + std::to_string(i) +
            R"(":{"dtype":"U8","shape":[1],"data_offsets":[)" + std::to_string(i) + "," +
            std::to_string(i + 1) + "]}";
  }
  const std::vector<std::string> seeds = {
      safetensors(
          R"({"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],)"
          R"("data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[4],)"
          R"("data_offsets":[24,32]},"c":{"dtype":"I64","shape":[],"data_offsets":[32,40]}})",
          40),
      safetensors(R"({"x":{"dtype":"F16","shape":[0,5],"data_offsets":[0,0]}})", 0),
      safetensors(many + "}", 40), safetensors("{}", 0)};
  const std::vector<std::string> words = {R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})",
                                          "\"a.weight\":",
                                          "__metadata__",
                                          "[",
                                          "]",
                                          "{",
                                          "}",
                                          ",",
                                          "\"",
                                          "[[[[",
                                          "F64",
                                          "-1",
                                          "1e400",
                                          "null",
                                          "\\u0000",
                                          "\xff"};
  fuzz(Mutator(seeds, words, 1), [](FileReader& file) { return read_safetensors(file); });
}

TEST(WeightsFuzzTest, TorchPickles) {
  using testing::pickle_state_dict;
  using testing::pickle_text;
  using testing::raw;
  using testing::zip;
  const std::vector<float> numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const std::string pickle = pickle_state_dict(
      {{.name = "a.weight", .elements = 12, .sizes = {3, 4}, .strides = {4, 1}},
       {.name = "a.bias", .elements = 12, .offset = 8, .sizes = {4}, .strides = {1}},
       {.name = "n",
        .storage_class = "LongStorage",
        .key = "1",
        .elements = 2,
        .sizes = {2},
        .strides = {1}}});
  const auto archive = [&](bool zip64) {
    return zip({{"m/data.pkl", pickle},
                {"m/version", "3\n"},
                {"m/data/0", raw(numbers)},
                {"m/data/1", std::string(16, '\1')}},
               zip64);
  };
  const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  const std::string legacy =
      magic + "\x80\x02M\xe9\x03." + "\x80\x02}." +
      pickle_state_dict(
          {{.name = "x", .key = "4", .elements = 12, .offset = 2, .sizes = {3}, .strides = {2}}}) +
      "\x80\x02](" + pickle_text("4") + "e." + testing::little(12, 8) + raw(numbers);
  const std::vector<std::string> words = {"cos\nsystem\n",
                                          "cbuiltins\neval\n",
                                          "ccollections\nOrderedDict\n",
                                          "R",
                                          "(",
                                          "t",
                                          "u",
                                          "}",
                                          ")",
                                          "]",
                                          "N",
                                          "h\1",
                                          "q\1",
                                          "\x94",
                                          "Q",
                                          "b",
                                          "\x81",
                                          "((((",
                                          "))))",
                                          "}}}}",
                                          "PK\1\2",
                                          "ctorch\nFloatStorage\n",
                                          std::string("X\xff\xff\xff\x7f", 5),
                                          "."};
  fuzz(Mutator({archive(false), archive(true), legacy}, words, 2),
       [](FileReader& file) { return read_torch_pickle(file); });
}

/// Inputs whose inside is damaged and then wrapped as a whole file, so that what stands at the
/// front (lengths, directories) does not end the reading.
class Wrapped {
 public:
  Wrapped(Mutator inside, std::function<std::string(const std::string&)> wrap)
      : inside_(std::move(inside)), wrap_(std::move(wrap)) {}
  std::string next() { return wrap_(inside_.next()); }

 private:
  Mutator inside_;
  std::function<std::string(const std::string&)> wrap_;
};

TEST(WeightsFuzzTest, SafetensorsHeaders) {
  const std::vector<std::string> seeds = {
      R"({"__metadata__":{"format":"pt","shared.weight":"a","b":"a"},"a":{"dtype":"F32",)"
      R"("shape":[2,4],"data_offsets":[0,32]},"c":{"dtype":"U64","shape":[4],)"
      R"("data_offsets":[32,64]},"d":{"dtype":"F4","shape":[0],"data_offsets":[64,64]}})",
      R"({"x":{"dtype":"F8_E4M3","shape":[64],"data_offsets":[0,64]}})",
      R"({"x":{"dtype":"I3_NEW","shape":[3],"data_offsets":[0,64]}})"};
  const std::vector<std::string> words = {"\"a\"", "\"b\"",   "__metadata__", "C64",
                                          "U16",   "F6_E2M3", "[0,64]",       "[]",
                                          "{}",    ":",       "\"x\":\"a\","};
  fuzz(Wrapped(Mutator(seeds, words, 3),
               [](const std::string& header) { return safetensors(header, 64); }),
       [](FileReader& file) { return read_safetensors(file); });
}

TEST(WeightsFuzzTest, PicklesOfWholeArchives) {
  using testing::pickle_state_dict;
  const std::string typed = "\x80\x02}q\x01(" + testing::pickle_text("u") +
                            "ctorch._utils\n_rebuild_tensor_v3\nq\x02((" +
                            testing::pickle_text("storage") + "ctorch.storage\nUntypedStorage\n" +
                            testing::pickle_text("0") + testing::pickle_text("cpu") +
                            "K\x30tQq\x03" + "K\x01K\x04\x85q\x04" +
                            "K\x01\x85\x89"
                            "ccollections\nOrderedDict\n)Rctorch\nuint16\ntRu.";
  const std::vector<std::string> seeds = {
      pickle_state_dict({{.name = "a", .elements = 12, .sizes = {3, 4}, .strides = {4, 1}},
                         {.name = "b", .elements = 12, .offset = 8, .sizes = {4}, .strides = {1}}}),
      pickle_state_dict({{.name = "c",
                          .storage_class = "ComplexFloatStorage",
                          .elements = 6,
                          .sizes = {2, 3},
                          .strides = {3, 1}}}),
      typed};
  const std::vector<std::string> words = {"h\1",
                                          "h\2",
                                          "h\3",
                                          "h\4",
                                          "q\1",
                                          "](K\2e",
                                          "tR",
                                          "u",
                                          "N",
                                          "\x85",
                                          "\x86",
                                          "(",
                                          "ctorch\nfloat8_e5m2\n",
                                          "."};
  fuzz(Wrapped(Mutator(seeds, words, 4),
               [](const std::string& pickle) {
                 return testing::zip({{"m/data.pkl", pickle}, {"m/data/0", std::string(48, '\1')}});
               }),
       [](FileReader& file) { return read_torch_pickle(file); });
}

}  // namespace
}  // namespace ncmlab
