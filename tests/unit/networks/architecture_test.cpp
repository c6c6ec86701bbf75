// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/architecture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/networks/roberta.hpp"
#include "ncmlab/networks/t5.hpp"

namespace ncmlab {
namespace {

using ::testing::HasSubstr;

RobertaConfig tiny() {
  return {.vocab_size = 20,
          .hidden_size = 8,
          .num_hidden_layers = 1,
          .num_attention_heads = 2,
          .intermediate_size = 12,
          .max_position_embeddings = 12};
}

const Architecture& roberta() { return architecture_of(tiny().to_json(), "config.json"); }

/// All diagnostics that `action` throws, one a line, with their codes.
template <typename Action>
std::string complaint(Action action) {
  std::string text;
  try {
    action();
  } catch (const Error& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      text += diagnostic.code + ": " + diagnostic.message + "\n";
      for (const std::string& help : diagnostic.help) {
        text += help + "\n";
      }
    }
  }
  return text;
}

TEST(ArchitectureTest, ModelTypeDecides) {
  EXPECT_EQ(roberta().base_class, "RobertaModel");
  const auto refused = [](const char* config) {
    return complaint([&] { architecture_of(config, "dir/config.json"); });
  };
  EXPECT_THAT(refused(R"({"model_type": "gpt2"})"), HasSubstr("unknown `model_type` \"gpt2\""));
  EXPECT_THAT(refused(R"({"model_type": "gpt2"})"), HasSubstr("`roberta`"));
  EXPECT_THAT(refused(R"({"model_type": 7})"), HasSubstr("unknown `model_type` 7"));
  EXPECT_THAT(refused("{}"), HasSubstr("`dir/config.json` does not say its `model_type`"));
  EXPECT_THAT(refused("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(refused("{"), HasSubstr("not a JSON object"));
  const std::string deep =
      "{\"model_type\": " + std::string(300000, '[') + std::string(300000, ']') + "}";
  EXPECT_THAT(refused(deep.c_str()), HasSubstr("nest more than 100 levels"));
}

TEST(SplitWeightsTest, FindsEncoderAndHeadBelowAnyPrefix) {
  for (const std::string prefix : {"", "roberta.", "encoder.", "module.encoder.roberta."}) {
    StateDict weights;
    weights.add(prefix + "embeddings.word_embeddings.weight", torch::ones({2, 2}));
    weights.add(prefix + "encoder.layer.0.output.dense.bias", torch::ones({2}));
    weights.add(prefix + "pooler.dense.weight", torch::ones({2, 2}));
    weights.add("encoder.classifier.out_proj.weight", torch::ones({1, 2}));
    weights.add("lm_head.bias", torch::ones({1}));
    const SplitWeights split = split_weights(roberta(), weights);
    EXPECT_TRUE(split.encoder.contains("embeddings.word_embeddings.weight")) << prefix;
    EXPECT_TRUE(split.encoder.contains("encoder.layer.0.output.dense.bias")) << prefix;
    EXPECT_TRUE(split.encoder.contains("pooler.dense.weight")) << prefix;
    EXPECT_EQ(split.encoder.size(), 3u) << prefix;
    ASSERT_EQ(split.head.size(), 1u) << prefix;
    EXPECT_TRUE(split.head.contains("out_proj.weight"));
    ASSERT_EQ(split.others.size(), 1u) << prefix;
    EXPECT_TRUE(split.others.contains("lm_head.bias"));
  }
  EXPECT_THAT(complaint([] { split_weights(roberta(), StateDict()); }),
              HasSubstr("checkpoint.no-encoder"));
}

TEST(MakeEncoderTest, ReportsMissingExtraAndMisshapenTensorsWithTheirShapes) {
  const auto encoder = make_roberta(tiny(), Pooling::cls, Rng(1));
  const auto changed = [&](const std::string& without, const std::string& with) {
    StateDict weights;
    for (const auto& [name, tensor] : encoder->parameters()) {
      if (name != without) {
        weights.add(name, tensor);
      }
    }
    if (!with.empty()) {
      weights.add(with, torch::ones({8, 3}));
    }
    return complaint([&] { make_encoder(tiny().to_json(), "config.json", Pooling::cls, weights); });
  };
  EXPECT_EQ(changed("", ""), "");
  EXPECT_EQ(changed("", "embeddings.position_ids"), "");
  const char* name = "encoder.layer.0.output.dense.weight";
  EXPECT_THAT(changed(name, ""),
              HasSubstr("checkpoint.missing-tensor: the weights have no tensor "
                        "`encoder.layer.0.output.dense.weight` of shape [8, 12]"));
  EXPECT_THAT(changed(name, name), HasSubstr("should have the shape [8, 12] by `config.json`, but "
                                             "has [8, 3]"));
  EXPECT_THAT(changed("", "encoder.layer.1.output.dense.weight"),
              HasSubstr("checkpoint.extra-tensor: the model of `config.json` has no tensor "
                        "`encoder.layer.1.output.dense.weight`, but the weights hold one of shape "
                        "[8, 3]"));
  EXPECT_THAT(changed("", "pooler.dense.weight"), HasSubstr("[8, 8]"));
}

TEST(MakeEncoderTest, CarriesThePoolerThatNothingReads) {
  StateDict weights;
  for (const auto& [name, tensor] : make_roberta(tiny(), Pooling::cls, Rng(1))->parameters()) {
    weights.add(name, tensor);
  }
  weights.add("pooler.dense.weight", torch::rand({8, 8}));
  weights.add("pooler.dense.bias", torch::rand({8}));
  const auto encoder = make_encoder(tiny().to_json(), "config.json", Pooling::cls, weights);
  EXPECT_TRUE(at::equal(encoder->clone()->parameters().at("pooler.dense.weight"),
                        weights.at("pooler.dense.weight")));
}

/// A T5 without its table of words, which stands under `name` instead.
struct RenamedT5 {
  StateDict weights;
  at::Tensor words;
  std::string config;

  explicit RenamedT5(const std::string& name, bool tied = true) {
    T5Config shape{.vocab_size = 10,
                   .d_model = 8,
                   .d_kv = 4,
                   .d_ff = 12,
                   .num_layers = 1,
                   .num_decoder_layers = 1,
                   .num_heads = 2,
                   .tie_word_embeddings = tied};
    const auto whole = make_t5(shape, Rng(1));
    config = shape.to_json(!tied);
    for (const auto& [original, tensor] : whole->parameters()) {
      const bool is_words = original == "shared.weight";
      weights.add("module." + (is_words ? name : original), tensor);
      words = is_words ? tensor : words;
    }
  }
};

TEST(SplitWeightsTest, TiedWordsMayStandUnderAnyOfTheirNames) {
  for (const char* name :
       {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"}) {
    const RenamedT5 t5(name);
    const Architecture& architecture = architecture_of(t5.config, "config.json");
    const SplitWeights split = split_weights(architecture, t5.weights);
    const auto encoder = make_encoder(t5.config, "config.json", Pooling::last_eos, split.encoder);
    EXPECT_TRUE(at::equal(encoder->parameters().at("shared.weight"), t5.words)) << name;
  }
}

TEST(SplitWeightsTest, AnOutputLayerOfItsOwnIsNotTheTableOfWords) {
  const RenamedT5 t5("lm_head.weight", false);
  const SplitWeights split = split_weights(architecture_of(t5.config, "c"), t5.weights);
  EXPECT_THAT(complaint([&] { make_encoder(t5.config, "c", Pooling::last_eos, split.encoder); }),
              HasSubstr("no tensor `shared.weight`"));
}

}  // namespace
}  // namespace ncmlab
