// SPDX-License-Identifier: Apache-2.0
// Damaged text files that people give to ncmlab. Seeds are whole valid files, so that a damaged one
// often passes the beginning of its reader. NCMLAB_FUZZ_INPUTS sets how many.
#include <gtest/gtest.h>
#include <torch/types.h>

#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "../unit/config/fake_catalogue.hpp"
#include "../unit/tokenize/tiny_tokenizer.hpp"
#include "engine/record.hpp"
#include "engine/run_folder.hpp"
#include "mutation.hpp"
#include "ncmlab/networks/architecture.hpp"
#include "ncmlab/networks/roberta.hpp"
#include "ncmlab/networks/t5.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;
using testing::Mutator;
using testing::wanted_inputs;

/// Every damaged input is read, or refused with an Error that can be printed; anything else that is
/// thrown fails the test. Both must happen.
void fuzz(const std::string& seed, const std::vector<std::string>& words, std::uint64_t number,
          const std::function<void(const std::string&)>& read) {
  ASSERT_NO_THROW(read(seed));
  Mutator mutator({seed}, words, number);
  std::size_t refused = 0;
  const std::size_t inputs = wanted_inputs(500);
  for (std::size_t i = 0; i < inputs; ++i) {
    const std::string input = mutator.next();
    try {
      read(input);
    } catch (const Error& error) {
      ++refused;
      for (const Diagnostic& diagnostic : error.diagnostics()) {
        EXPECT_FALSE(diagnostic.message.empty());
        EXPECT_FALSE(render(diagnostic).empty());
      }
    } catch (const std::exception& error) {
      FAIL() << "input " << i << ": " << error.what() << "\n" << input.substr(0, 2000);
    }
  }
  EXPECT_GT(refused, 0u);
  EXPECT_LT(refused, inputs);
  std::cout << inputs << " inputs, " << refused << " refused\n";
}

/// Reads a folder in which one file is damaged.
void fuzz_file(const std::filesystem::path& file, const std::vector<std::string>& words,
               std::uint64_t number, const std::function<void()>& read) {
  const std::string whole = read_file(file);
  fuzz(whole, words, number, [&](const std::string& input) {
    std::ofstream(file, std::ios::binary) << input;
    read();
  });
  std::ofstream(file, std::ios::binary) << whole;
}

const std::vector<std::string> kJsonWords = {
    "null", "true",      "-1", "1e400", "[[[[[[[[", "{\"a\":", "\"\"",   "\\u0000",     "\\ud800",
    "\xff", "\"type\":", "[]", "{}",    ",",        "\"",      "<mask>", "\xEF\xBB\xBF"};

TEST(TextFuzzTest, TokenizerJson) {
  json object = tiny_json({"a b", "ab c"});
  object["normalizer"] = {{"type", "Sequence"},
                          {"normalizers", {{{"type", "NFC"}}, {{"type", "Lowercase"}}}}};
  add_token(object, "<mask>", {{"lstrip", true}, {"special", true}});
  const ScratchFolder folder;
  const auto file = folder.write("tokenizer.json", object.dump());
  fuzz_file(file, kJsonWords, 11, [&] { Tokenizer::from_file(file).encode("abc <mask> d"); });
}

TEST(TextFuzzTest, TokenizerFolders) {
  json vocabulary = tiny_json({"a b", "ab c"})["model"]["vocab"];
  vocabulary.emplace("<s>", vocabulary.size());
  const ScratchFolder folder;
  folder.write("vocab.json", vocabulary.dump());
  folder.write("merges.txt", "#version: 0.2\na b\nab c\n");
  const auto read = [&] { Tokenizer::from_folder(folder.path()).encode("abc <s><p> <n>"); };
  fuzz_file(folder / "vocab.json", kJsonWords, 12, read);
  fuzz_file(folder / "merges.txt", {"\r\n", "\r", " ", "a b\n", "#version", "\xEF\xBB\xBF", "\t"},
            13, read);
  folder.write("special_tokens_map.json",
               R"({"pad_token": {"content": "<p>", "lstrip": true, "normalized": false}, )"
               R"("bos_token": "<s>", "unk_token": null, "additional_special_tokens": ["<z>"]})");
  fuzz_file(folder / "special_tokens_map.json", kJsonWords, 14, read);
  folder.write("added_tokens.json", R"({"<n>": 259})");
  fuzz_file(folder / "added_tokens.json", kJsonWords, 15, read);
  folder.write("tokenizer_config.json",
               R"({"add_prefix_space": true, "added_tokens_decoder": {"259": {"content": "<n>", )"
               R"("special": true}}, "tokenizer_class": "RobertaTokenizer", "mask_token": "ab"})");
  fuzz_file(folder / "tokenizer_config.json", kJsonWords, 16, read);
}

TEST(TextFuzzTest, ModelConfigs) {
  const auto read = [](const std::string& text) {
    const Architecture& architecture = architecture_of(text, "config.json");
    architecture.model_type == "t5"
        ? static_cast<void>(T5Config::from_json(text, "config.json"))
        : static_cast<void>(RobertaConfig::from_json(text, "config.json"));
  };
  fuzz(RobertaConfig().to_json(), kJsonWords, 17, read);
  fuzz(T5Config().to_json(false), kJsonWords, 18, read);
}

TEST(TextFuzzTest, Shards) {
  const ScratchFolder folder;
  StateDict one, two;
  one.add("a", torch::ones({2}));
  two.add("b", torch::ones({3}));
  write_safetensors(folder / "one.safetensors", one);
  write_safetensors(folder / "two.safetensors", two);
  const auto index = folder.write(
      "model.safetensors.index.json",
      R"({"metadata": {}, "weight_map": {"a": "one.safetensors", "b": "two.safetensors"}})");
  fuzz_file(index, kJsonWords, 19, [&] { read_weights(index); });
}

TEST(TextFuzzTest, Experiments) {
  const Catalogue catalogue = testing::fake_catalogue();
  const std::string seed = testing::kMinimal +
                           "[training]\nepochs = 3\nlearning_rate = 1e-3\n"
                           "[[attack]]\nplugin = \"badcode\"\nrate = [0.02, 0.05]\n"
                           "words = [\"a.b\", 'c[d']\nvictim_label = \"defective\"\n"
                           "[[defense]]\nplugin = \"onion\"\nname = \"\"\"x\"\"\"\nbar = 2\n";
  const ScratchFolder folder;
  const auto file = folder.write("e.toml", seed);
  fuzz_file(file,
            {"[[", "]]", "[", "{", "a.", "= 1\n", "\"\"\"", "'''", "#", "inf", "1979-05-27", "0x",
             "\\u202e", "\xff", "\n"},
            20, [&] { read_experiment(file, catalogue); });
}

TEST(TextFuzzTest, RecordsAndIndices) {
  CellRecord record;
  record.key = std::string(32, 'a');
  record.task = "t";
  record.figures = {{"x", 1.5}};
  record.triggers.push_back({});
  fuzz(to_json(record), kJsonWords, 21,
       [](const std::string& text) { record_from_json(text, "record.json"); });
  const ScratchFolder folder;
  write_index(folder.path(), {.name = "n",
                              .file = "e.toml",
                              .source = "x = 1",
                              .cells = {{.key = record.key, .task = "t", .model = "m"}}});
  fuzz_file(folder / "experiment.json", kJsonWords, 22, [&] { read_index(folder.path()); });
}

}  // namespace
}  // namespace ncmlab
