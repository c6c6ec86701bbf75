// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/inspect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "checkpoint/convert.hpp"
#include "checkpoint/diff.hpp"
#include "checkpoint_folder.hpp"
#include "error_of.hpp"
#include "ncmlab/networks/t5.hpp"
#include "weights/foreign_elements.hpp"

namespace ncmlab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// The bytes in another type.
at::Tensor as_u64(std::int64_t value) {
  return foreign_tensor(
      {.type = "U64", .shape = {1}, .bytes = torch::tensor({value}).view(torch::kByte)});
}

/// A folder with a whole model and, beside it, `more`.
class ModelFolder : public ScratchFolder {
 public:
  explicit ModelFolder(const StateDict& more) {
    StateDict weights = testing::tiny_weights("");
    for (const auto& [name, tensor] : more) {
      weights.add(name, tensor);
    }
    write_safetensors(path() / "model.safetensors", weights);
    write("config.json", testing::tiny_roberta().to_json());
  }
};

TEST(InspectTest, NamesCannotReachTheTerminal) {
  Checkpoint checkpoint;
  checkpoint.source = "a\x1b[2Jb";
  checkpoint.weights.add("w\x1b]0;title\x07", torch::ones({1}));
  checkpoint.weights.add("fe\xffnce\u202e", torch::ones({1}));
  const std::string text = inspect_text(checkpoint);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("a\\x1b[2Jb"));
  EXPECT_THAT(text, HasSubstr("w\\x1b]0;title\\x07"));
  EXPECT_THAT(text, HasSubstr("fe\\xffnce\\u{202e}"));
  const std::string json = inspect_json(checkpoint);
  EXPECT_TRUE(
      std::ranges::all_of(json, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
  EXPECT_EQ(nlohmann::json::parse(json)["tensors"][1]["name"], "fe\uFFFDnce\u202e");
}

TEST(InspectTest, TensorsOfOtherTypesBesideTheModelAreListedAndLeftOut) {
  StateDict more;
  more.add("head.counts", as_u64(7));
  more.add("classifier.counts", as_u64(8));
  const ModelFolder folder(more);
  const Checkpoint checkpoint = read_checkpoint(folder.path());
  check_against_config(checkpoint);
  EXPECT_THAT(inspect_text(checkpoint), HasSubstr("[1]      U64       other"));
  EXPECT_EQ(nlohmann::json::parse(inspect_json(checkpoint))["tensors"].back()["type"], "U64");
  const auto notes = convert(checkpoint, folder / "out.bin", {});
  EXPECT_THAT(notes, ::testing::Contains(HasSubstr("`head.counts`, U64 [1]: it belongs to")));
  EXPECT_THAT(notes, ::testing::Contains(HasSubstr("`classifier.counts`, U64 [1]: ncmlab writes")));
  convert(checkpoint, folder / "out.safetensors", {});
  EXPECT_NE(foreign_elements(read_weights(folder / "out.safetensors").at("classifier.counts")),
            nullptr);
}

TEST(InspectTest, DiffComparesTheBytesOfOtherTypes) {
  StateDict seven, eight;
  seven.add("head.counts", as_u64(7));
  eight.add("head.counts", as_u64(8));
  const ModelFolder a(seven), b(seven), c(eight);
  const Checkpoint first = read_checkpoint(a.path());
  EXPECT_TRUE(diff(first, read_checkpoint(b.path())).bit_identical());
  EXPECT_THAT(to_text(diff(first, read_checkpoint(c.path()))),
              HasSubstr("head.counts: U64 [1], other bytes in a type"));
}

TEST(InspectTest, ATiedTensorCountsUnderAnyOfItsNames) {
  const T5Config config{.vocab_size = 10,
                        .d_model = 8,
                        .d_kv = 4,
                        .d_ff = 12,
                        .num_layers = 1,
                        .num_decoder_layers = 1,
                        .num_heads = 2};
  StateDict own, other;
  for (const auto& [name, tensor] : make_t5(config, Rng(1))->parameters()) {
    own.add(name, tensor);
    other.add(name == "shared.weight" ? "decoder.embed_tokens.weight" : name, tensor);
  }
  const ScratchFolder folder;
  for (const char* name : {"own", "other"}) {
    folder.write(std::string(name) + "/config.json", config.to_json(false));
    write_safetensors(folder / name / "model.safetensors",
                      name == std::string("own") ? own : other);
  }
  const Checkpoint stored = read_checkpoint(folder / "other");
  check_against_config(stored);
  EXPECT_TRUE(diff(read_checkpoint(folder / "own"), stored).bit_identical());
  convert(stored, folder / "again", {});
  EXPECT_TRUE(read_weights(folder / "again").contains("shared.weight"));
}

TEST(ConvertTest, AnEndingThatIsNoFormIsRefused) {
  const ModelFolder folder(StateDict{});
  const Checkpoint checkpoint = read_checkpoint(folder.path());
  for (const char* name : {"model.onnx", "model.pt", "model.h5", "model.safetensor"}) {
    EXPECT_EQ(code_of([&] { convert(checkpoint, folder / name, {}); }), "usage.unknown-format");
    EXPECT_FALSE(std::filesystem::exists(folder / name));
  }
  convert(checkpoint, folder / "model-0.1", {});
  convert(checkpoint, folder / "model.v2/", {});
  EXPECT_TRUE(std::filesystem::exists(folder / "model.v2" / "config.json"));
}

}  // namespace
}  // namespace ncmlab
