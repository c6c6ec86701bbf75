// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/t5.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "batches.hpp"
#include "error_of.hpp"
#include "gradient_checks.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/networks/architecture.hpp"
#include "networks/t5_positions.hpp"

namespace ncmlab {
namespace {

using testing::difference;
using testing::mask_of;

T5Config tiny(bool gated = false) {
  return {.vocab_size = 50,
          .d_model = 24,
          .d_kv = 5,
          .d_ff = 20,
          .num_layers = 2,
          .num_decoder_layers = 3,
          .num_heads = 4,
          .relative_attention_num_buckets = 8,
          .relative_attention_max_distance = 12,
          .eos_token_id = 2,
          .dense_act_fn = gated ? Activation::gelu_tanh : Activation::relu,
          .is_gated_act = gated};
}

/// Rows of different length, one of them a lone end of sequence, one with two.
Batch mixed_batch() {
  static const std::vector<std::vector<std::int64_t>> rows = {
      {1, 5, 6, 7, 2}, {2}, {1, 9, 2, 8, 2}, {1,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                                              12, 13, 14, 15, 16, 17, 18, 19, 20, 2}};
  return make_batch({&rows[0], &rows[1], &rows[2], &rows[3]}, 0);
}

TEST(T5PositionsTest, BucketsAreThoseOfHuggingFace) {
  const auto buckets = [](std::int64_t count, std::int64_t distance, bool both,
                          std::int64_t reach) {
    const at::Tensor all =
        buckets_of_distances({.count = count, .max_distance = distance, .bidirectional = both},
                             reach)
            .contiguous();
    const auto* data = all.data_ptr<std::int64_t>();
    return std::vector<std::int64_t>(data, data + all.numel());
  };
  // T5Attention._relative_position_bucket of transformers 4.46.
  EXPECT_EQ(buckets(8, 12, true, 8),
            (std::vector<std::int64_t>{3, 3, 3, 2, 2, 2, 1, 0, 5, 6, 6, 6, 7, 7, 7}));
  EXPECT_EQ(buckets(8, 12, false, 8),
            (std::vector<std::int64_t>{6, 5, 4, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
  const auto wide = buckets(32, 128, true, 300);
  EXPECT_EQ(wide[299 - 16], 10);
  EXPECT_EQ(wide[299 + 16], 26);
  EXPECT_EQ(wide[299 - 64], 14);
  EXPECT_EQ(wide[299 - 127], 15);
  EXPECT_EQ(wide.front(), 15);
  EXPECT_EQ(wide.back(), 31);
}

TEST(T5Test, PaddingAndBatchingDoNotChangeAVector) {
  for (const bool gated : {false, true}) {
    const auto encoder = make_t5(tiny(gated), Rng(3));
    const at::NoGradGuard no_grad;
    const Batch batch = mixed_batch();
    const at::Tensor together = encoder->encode(batch, false);
    for (std::int64_t row = 0; row < batch.ids.size(0); ++row) {
      const auto length = batch.lengths[row].item<std::int64_t>();
      Batch alone;
      alone.ids = batch.ids.narrow(0, row, 1).narrow(1, 0, length);
      alone.lengths = batch.lengths.narrow(0, row, 1);
      EXPECT_LT(difference(encoder->encode(alone, false), together.narrow(0, row, 1)), 2e-6);
    }
  }
}

TEST(T5Test, VectorIsTheLastDecoderStateAtTheLastEndOfSequence) {
  const auto encoder = make_t5(tiny(), Rng(4));
  Batch batch = mixed_batch();
  const auto expect_last = [&](const std::vector<std::int64_t>& places) {
    const at::Tensor last = encoder->decoder_hidden_states(batch).back();
    const at::Tensor vectors = encoder->encode(batch, false);
    for (std::int64_t row = 0; row < last.size(0); ++row) {
      EXPECT_LT(difference(vectors[row], last[row][places[static_cast<std::size_t>(row)]]), 2e-6);
    }
  };
  expect_last({4, 0, 4, 19});
  batch.ids[3][19] = 9;
  batch.ids[3][7] = 2;
  batch.ids[2][4] = 9;
  expect_last({4, 0, 2, 7});
  batch.ids[0][4] = 9;
  EXPECT_EQ(code_of([&] { encoder->encode(batch, false); }), "model.no-eos");
  EXPECT_EQ(encoder->hidden_states(batch).size(), 3u);
  EXPECT_EQ(encoder->decoder_hidden_states(batch).size(), 4u);
}

TEST(T5Test, DecoderSeesNoLaterTokenOfItsOwnInput) {
  const auto encoder = make_t5(tiny(), Rng(5));
  Batch batch = mixed_batch();
  const at::Tensor table = encoder->embedding_table().detach();
  batch.embeddings = torch::embedding(table, batch.ids);
  batch.decoder_embeddings = batch.embeddings.clone();
  const at::Tensor before = encoder->decoder_hidden_states(batch).back();
  batch.decoder_embeddings[3][10].add_(1);
  const at::Tensor change = (encoder->decoder_hidden_states(batch).back() - before).abs().sum(2)[3];
  EXPECT_LT(change.narrow(0, 0, 10).max().item<double>(), 1e-6);
  EXPECT_GT(change.narrow(0, 10, 10).min().item<double>(), 1e-6);
}

TEST(T5Test, EmbeddingsStandInForIdsAndAreNotOverwritten) {
  const auto encoder = make_t5(tiny(true), Rng(5));
  const at::NoGradGuard no_grad;
  Batch batch = mixed_batch();
  const at::Tensor expected = encoder->encode(batch, false);
  batch.embeddings = torch::embedding(encoder->embedding_table(), batch.ids);
  const at::Tensor copy = batch.embeddings.clone();
  EXPECT_LT(difference(encoder->encode(batch, false), expected), 1e-6);
  EXPECT_TRUE(at::equal(batch.embeddings, copy));
}

TEST(T5Test, EveryParameterReceivesAGradientThatMatchesFiniteDifferences) {
  for (const bool gated : {false, true}) {
    T5Config config = tiny(gated);
    config.dense_act_fn = gated ? Activation::gelu_tanh : Activation::silu;  // smooth
    const auto encoder = make_t5(config, Rng(7));
    testing::expect_parameter_gradients(*encoder, mixed_batch(),
                                        {.step = 5e-3, .negligible = 1e-2, .absolute = 4e-3});
  }
}

TEST(T5Test, DropoutFollowsTheGlobalSeedAndItsGradientTheMask) {
  T5Config config = tiny(true);
  config.dropout_rate = 0.3;
  const auto encoder = make_t5(config, Rng(8));
  testing::expect_seeded_dropout(*encoder, mixed_batch(),
                                 {.step = 1e-3, .negligible = 0, .absolute = 0});
}

TEST(T5Test, CloneSharesNothingAndSeedsDecideTheWeights) {
  const auto encoder = make_t5(tiny(), Rng(10));
  const auto copy = encoder->clone();
  const Batch batch = mixed_batch();
  EXPECT_EQ(difference(copy->encode(batch, false), encoder->encode(batch, false)), 0);
  EXPECT_EQ(copy->config_json(), encoder->config_json());
  for (const auto& [name, parameter] : copy->parameters()) {
    EXPECT_FALSE(parameter.is_alias_of(encoder->parameters().at(name))) << name;
  }
  EXPECT_TRUE(at::equal(make_t5(tiny(), Rng(10))->embedding_table(), encoder->embedding_table()));
  EXPECT_FALSE(at::equal(make_t5(tiny(), Rng(11))->embedding_table(), encoder->embedding_table()));
  EXPECT_NEAR(encoder->embedding_table().std().item<float>(), 1, 0.1);
}

TEST(T5Test, RefusesBatchesThatDoNotFitTheModel) {
  const auto encoder = make_t5(tiny(), Rng(1));
  const auto code = [&](std::vector<std::int64_t> ids, std::int64_t length) {
    Batch batch;
    batch.ids = torch::tensor(ids).unsqueeze(0);
    batch.lengths = torch::tensor(std::vector<std::int64_t>{length});
    return code_of([&] { encoder->encode(batch, false); });
  };
  EXPECT_EQ(code({1, 5, 2}, 3), "");
  EXPECT_EQ(code({1, 50, 2}, 3), "model.bad-batch");
  EXPECT_EQ(code({1, 5, 2}, 4), "model.bad-batch");
  EXPECT_EQ(code({1, 5, 2}, 2), "model.no-eos");
}

TEST(T5Test, ReportsEveryTensorThatDoesNotFitAndKeepsAnOutputLayer) {
  T5Config config = tiny();
  config.tie_word_embeddings = false;
  StateDict weights, broken;
  for (const auto& [name, tensor] : make_t5(config, Rng(1))->parameters()) {
    weights.add(name, tensor);
    if (name != "decoder.block.1.layer.1.EncDecAttention.k.weight") {
      broken.add(name, name == "encoder.final_layer_norm.weight" ? torch::ones({7}) : tensor);
    }
  }
  try {
    make_t5(config, broken);
    FAIL();
  } catch (const Error& error) {
    ASSERT_EQ(error.diagnostics().size(), 2u);
    EXPECT_EQ(error.diagnostics()[0].code, "checkpoint.shape");
    EXPECT_THAT(error.diagnostics()[0].message, ::testing::HasSubstr("[7]"));
    EXPECT_EQ(error.diagnostics()[1].code, "checkpoint.missing-tensor");
  }
  EXPECT_THAT(make_t5(config, weights)->config_json(), ::testing::HasSubstr("\"T5Model\""));
  weights.add("lm_head.weight", torch::full({50, 24}, 3.0));
  const auto encoder = make_t5(config, weights)->clone();
  EXPECT_TRUE(at::equal(encoder->parameters().at("lm_head.weight"), torch::full({50, 24}, 3.0)));
  EXPECT_THAT(encoder->config_json(), ::testing::HasSubstr("\"T5ForConditionalGeneration\""));
  EXPECT_EQ(code_of([&] { make_encoder(encoder->config_json(), "c", Pooling::cls, weights); }),
            "model.bad-pooling");
}

TEST(T5ConfigTest, ParsesWhatItWritesAndNamesWhatIsWrong) {
  const std::string json = tiny(true).to_json(false);
  EXPECT_EQ(T5Config::from_json(json, "c").to_json(false), json);
  const auto message = [&](const std::string& from, const std::string& to) -> std::string {
    std::string changed = json;
    changed.replace(changed.find(from), from.size(), to);
    try {
      T5Config::from_json(changed, "c.json");
    } catch (const Error& error) {
      EXPECT_EQ(error.diagnostics().front().code, "checkpoint.bad-config");
      return error.what();
    }
    return "";
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(message("\"model_type\": \"t5\"", "\"model_type\": \"bart\""), HasSubstr("bart"));
  EXPECT_THAT(message("\"d_kv\"", "\"d_k\""), HasSubstr("`d_kv` is missing"));
  EXPECT_THAT(message("\"d_model\": 24", "\"d_model\": -4"), HasSubstr("-4"));
  EXPECT_THAT(message("num_buckets\": 8", "num_buckets\": 3"), HasSubstr("whole number from 4"));
  EXPECT_THAT(message("max_distance\": 12", "max_distance\": 4"), HasSubstr("not above half"));
  EXPECT_THAT(message("\"gated-gelu\"", "\"gated-tanh\""), HasSubstr("gated-tanh"));
  EXPECT_THAT(message("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": 1"),
              HasSubstr("true or false"));
}

TEST(T5ConfigTest, ReadsTheActivationAsHuggingFaceDoes) {
  const auto read = [](const std::string& activation) {
    return T5Config::from_json(
        R"({"model_type": "t5", "vocab_size": 50, "d_model": 24, "d_kv": 5, "d_ff": 20,
            "num_layers": 2, "num_heads": 4)" +
            activation + "}",
        "c");
  };
  EXPECT_EQ(read("").dense_act_fn, Activation::relu);
  EXPECT_EQ(read("").num_decoder_layers, 2);
  EXPECT_EQ(read(R"(, "feed_forward_proj": "gated-gelu")").dense_act_fn, Activation::gelu_tanh);
  EXPECT_TRUE(read(R"(, "feed_forward_proj": "gated-gelu")").is_gated_act);
  EXPECT_EQ(read(R"(, "feed_forward_proj": "gated-silu")").dense_act_fn, Activation::silu);
  EXPECT_EQ(read(R"(, "feed_forward_proj": "gelu")").dense_act_fn, Activation::gelu);
  EXPECT_FALSE(read(R"(, "feed_forward_proj": "gelu")").is_gated_act);
}

}  // namespace
}  // namespace ncmlab
