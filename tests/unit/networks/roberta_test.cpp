// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/roberta.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "batches.hpp"
#include "error_of.hpp"
#include "gradient_checks.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

using testing::difference;
using testing::mask_of;
using testing::mixed_batch;

RobertaConfig tiny() {
  return {.vocab_size = 50,
          .hidden_size = 24,
          .num_hidden_layers = 3,
          .num_attention_heads = 4,
          .intermediate_size = 20,
          .max_position_embeddings = 42};
}

TEST(RobertaTest, PaddingAndBatchingDoNotChangeAVector) {
  for (const Pooling pooling : {Pooling::cls, Pooling::mean}) {
    const auto encoder = make_roberta(tiny(), pooling, Rng(3));
    const at::NoGradGuard no_grad;
    const Batch batch = mixed_batch();
    const at::Tensor together = encoder->encode(batch, false);
    for (std::int64_t row = 0; row < 3; ++row) {
      const auto length = batch.lengths[row].item<std::int64_t>();
      const Batch alone{.ids = batch.ids.narrow(0, row, 1).narrow(1, 0, length),
                        .lengths = batch.lengths.narrow(0, row, 1),
                        .embeddings = {}};
      EXPECT_LT(difference(encoder->encode(alone, false), together.narrow(0, row, 1)), 1e-6);
    }
  }
}

TEST(RobertaTest, PooledVectorIsTheLastHiddenState) {
  const Batch batch = mixed_batch();
  const auto cls = make_roberta(tiny(), Pooling::cls, Rng(4));
  const auto mean = make_roberta(tiny(), Pooling::mean, Rng(4));
  const at::Tensor last = cls->hidden_states(batch).back();
  EXPECT_LT(difference(cls->encode(batch, false), last.select(1, 0)), 1e-6);
  const at::Tensor average = (last * mask_of(batch)).sum(1) / batch.lengths.unsqueeze(1);
  EXPECT_LT(difference(mean->encode(batch, false), average), 1e-6);
}

TEST(RobertaTest, EmbeddingsStandInForIdsAndAreNotOverwritten) {
  const auto encoder = make_roberta(tiny(), Pooling::cls, Rng(5));
  const at::NoGradGuard no_grad;
  Batch batch = mixed_batch();
  const at::Tensor expected = encoder->encode(batch, false);
  batch.embeddings = torch::embedding(encoder->embedding_table(), batch.ids);
  const at::Tensor copy = batch.embeddings.clone();
  EXPECT_LT(difference(encoder->encode(batch, false), expected), 1e-6);
  EXPECT_TRUE(at::equal(batch.embeddings, copy));
}

TEST(RobertaTest, QueryKeyAndValueShareAStorageButTrainSeparately) {
  const auto encoder = make_roberta(tiny(), Pooling::mean, Rng(6));
  const StateDict parameters = encoder->parameters();
  const at::Tensor query = parameters.at("encoder.layer.0.attention.self.query.weight");
  const at::Tensor value = parameters.at("encoder.layer.0.attention.self.value.weight");
  EXPECT_TRUE(query.is_alias_of(value));
  const Batch batch = mixed_batch();
  const at::Tensor before = encoder->encode(batch, false);
  before.square().sum().backward();
  EXPECT_EQ(query.grad().sizes(), query.sizes());
  EXPECT_GT(query.grad().abs().sum().item<float>(), 0);
  {
    const at::NoGradGuard no_grad;
    value.mul_(2);
  }
  EXPECT_GT(difference(encoder->encode(batch, false), before), 1e-4);
}

TEST(RobertaTest, EveryParameterReceivesAGradientThatMatchesFiniteDifferences) {
  for (const Pooling pooling : {Pooling::cls, Pooling::mean}) {
    const auto encoder = make_roberta(tiny(), pooling, Rng(7));
    testing::expect_parameter_gradients(*encoder, mixed_batch(), {});
  }
}

TEST(RobertaTest, DropoutFollowsTheGlobalSeedAndItsGradientTheMask) {
  RobertaConfig config = tiny();
  config.hidden_dropout_prob = 0.3;
  config.attention_probs_dropout_prob = 0.3;
  const auto encoder = make_roberta(config, Pooling::cls, Rng(8));
  testing::expect_seeded_dropout(*encoder, mixed_batch(),
                                 {.step = 1e-4, .negligible = 0, .absolute = 0});
}

TEST(RobertaTest, DropoutKeepsTheMean) {
  RobertaConfig config = tiny();
  config.attention_probs_dropout_prob = 0.2;
  config.hidden_dropout_prob = 0;
  const auto encoder = make_roberta(config, Pooling::mean, Rng(9));
  const at::NoGradGuard no_grad;
  const Batch batch = mixed_batch();
  const at::Tensor plain = encoder->encode(batch, false);
  at::Tensor sum = torch::zeros_like(plain);
  torch::manual_seed(1);
  for (int i = 0; i < 400; ++i) {
    sum += encoder->encode(batch, true);
  }
  EXPECT_LT(difference(sum / 400, plain), 0.02);
}

TEST(RobertaTest, CloneSharesNothing) {
  const auto encoder = make_roberta(tiny(), Pooling::cls, Rng(10));
  const auto copy = encoder->clone();
  const Batch batch = mixed_batch();
  EXPECT_EQ(difference(copy->encode(batch, false), encoder->encode(batch, false)), 0);
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : copy->parameters()) {
    EXPECT_FALSE(parameter.is_alias_of(encoder->parameters().at(name))) << name;
  }
}

TEST(RobertaTest, SameSeedSameWeightsAndPaddingRowsAreZero) {
  const auto a = make_roberta(tiny(), Pooling::cls, Rng(11));
  const auto b = make_roberta(tiny(), Pooling::cls, Rng(11));
  const auto c = make_roberta(tiny(), Pooling::cls, Rng(12));
  EXPECT_TRUE(at::equal(a->embedding_table(), b->embedding_table()));
  EXPECT_FALSE(at::equal(a->embedding_table(), c->embedding_table()));
  EXPECT_EQ(a->embedding_table()[1].abs().sum().item<float>(), 0);
  EXPECT_NEAR(a->embedding_table().std().item<float>(), 0.02, 0.002);
}

TEST(RobertaTest, RefusesBatchesThatDoNotFitTheModel) {
  const auto encoder = make_roberta(tiny(), Pooling::cls, Rng(1));
  const auto code = [&](const Batch& batch) {
    return code_of([&] { encoder->encode(batch, false); });
  };
  const auto batch = [](std::vector<std::int64_t> ids, std::int64_t length) {
    return Batch{.ids = torch::tensor(ids).unsqueeze(0),
                 .lengths = torch::tensor(std::vector<std::int64_t>{length}),
                 .embeddings = {}};
  };
  EXPECT_EQ(encoder->shape().max_tokens, 40);
  EXPECT_EQ(code(batch({0, 5, 2}, 3)), "");
  EXPECT_EQ(code(batch({0, 50, 2}, 3)), "model.bad-batch");
  EXPECT_EQ(code(batch({0, -1, 2}, 3)), "model.bad-batch");
  EXPECT_EQ(code(batch({0, 5, 2}, 4)), "model.bad-batch");
  EXPECT_EQ(code(batch({0, 5, 2}, 0)), "model.bad-batch");
  EXPECT_EQ(code(batch(std::vector<std::int64_t>(41, 5), 41)), "model.bad-batch");
  EXPECT_EQ(code(batch(std::vector<std::int64_t>(40, 5), 40)), "");
}

TEST(RobertaTest, ReportsEveryTensorThatDoesNotFit) {
  const auto encoder = make_roberta(tiny(), Pooling::cls, Rng(1));
  StateDict weights;
  for (const auto& [name, tensor] : encoder->parameters()) {
    if (name == "encoder.layer.1.attention.self.key.bias") {
      continue;
    }
    weights.add(name, name == "embeddings.LayerNorm.weight" ? torch::ones({7}) : tensor);
  }
  try {
    make_roberta(tiny(), Pooling::cls, weights);
    FAIL();
  } catch (const Error& error) {
    ASSERT_EQ(error.diagnostics().size(), 2u);
    EXPECT_EQ(error.diagnostics()[0].code, "checkpoint.shape");
    EXPECT_THAT(error.diagnostics()[0].message, ::testing::HasSubstr("[24]"));
    EXPECT_THAT(error.diagnostics()[0].message, ::testing::HasSubstr("[7]"));
    EXPECT_EQ(error.diagnostics()[1].code, "checkpoint.missing-tensor");
  }
  EXPECT_THROW(make_roberta(tiny(), Pooling::last_eos, Rng(1)), Error);
}

TEST(RobertaConfigTest, ParsesWhatItWritesAndNamesWhatIsWrong) {
  const RobertaConfig config = tiny();
  EXPECT_EQ(RobertaConfig::from_json(config.to_json(), "c").to_json(), config.to_json());
  const auto message = [&](const std::string& from, const std::string& to) -> std::string {
    std::string json = config.to_json();
    json.replace(json.find(from), from.size(), to);
    try {
      RobertaConfig::from_json(json, "c.json");
    } catch (const Error& error) {
      EXPECT_EQ(error.diagnostics().front().code, "checkpoint.bad-config");
      return error.what();
    }
    return "";
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(message("\"model_type\": \"roberta\"", "\"model_type\": \"t5\""), HasSubstr("t5"));
  EXPECT_THAT(message("\"vocab_size\"", "\"vocab\""), HasSubstr("`vocab_size` is missing"));
  EXPECT_THAT(message("\"hidden_size\": 24", "\"hidden_size\": 25"), HasSubstr("multiple"));
  EXPECT_THAT(message("\"hidden_size\": 24", "\"hidden_size\": -4"), HasSubstr("-4"));
  EXPECT_THAT(message("\"hidden_size\": 24", "\"hidden_size\": \"x\""), HasSubstr("\"x\""));
  EXPECT_THAT(message("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"silu\""), HasSubstr("silu"));
  EXPECT_THAT(message("{", "["), HasSubstr("not a JSON object"));
}

}  // namespace
}  // namespace ncmlab
