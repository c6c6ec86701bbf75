// SPDX-License-Identifier: Apache-2.0
// The units of feed-forward networks, and states that can be differentiated.
#include <gtest/gtest.h>
#include <torch/types.h>

#include "batches.hpp"
#include "ncmlab/networks/roberta.hpp"
#include "ncmlab/networks/t5.hpp"

namespace ncmlab {
namespace {

constexpr std::int64_t kUnits = 20;

Batch batch_of_two() {
  static const std::vector<std::vector<std::int64_t>> rows = {{1, 5, 6, 7, 2}, {1, 9, 2}};
  return make_batch({&rows[0], &rows[1]}, 0);
}

std::unique_ptr<Encoder> roberta(Pooling pooling = Pooling::cls) {
  return make_roberta({.vocab_size = 50,
                       .hidden_size = 24,
                       .num_hidden_layers = 3,
                       .num_attention_heads = 4,
                       .intermediate_size = kUnits,
                       .max_position_embeddings = 42},
                      pooling, Rng(3));
}

std::unique_ptr<Encoder> t5(bool gated) {
  return make_t5({.vocab_size = 50,
                  .d_model = 24,
                  .d_kv = 5,
                  .d_ff = kUnits,
                  .num_layers = 2,
                  .num_decoder_layers = 3,
                  .num_heads = 4,
                  .eos_token_id = 2,
                  .dense_act_fn = gated ? Activation::gelu_tanh : Activation::relu,
                  .is_gated_act = gated},
                 Rng(3));
}

/// Doubles whatever the unit reads.
void change_unit(const StateDict& parameters, const std::string& reader, std::int64_t unit) {
  const at::NoGradGuard no_grad;
  const std::string prefix = reader.substr(0, reader.rfind('.', reader.rfind('.') - 1));
  for (const auto& [name, tensor] : parameters) {
    const bool feeds = name.find(".intermediate.dense.weight") != std::string::npos
                           ? prefix.starts_with(name.substr(0, name.find(".intermediate")))
                           : name.starts_with(prefix + ".wi");
    if (feeds) {
      tensor[unit].mul_(2);
    }
  }
}

void expect_units_pass_through_their_columns(Encoder& encoder, std::size_t networks) {
  const Batch batch = batch_of_two();
  const std::vector<std::string> readers = encoder.feed_forward_readers();
  ASSERT_EQ(readers.size(), networks);
  std::size_t seen = 0;
  encoder.observe_units(batch, [&](std::size_t network, const at::Tensor& units) {
    EXPECT_EQ(network, seen++);
    EXPECT_EQ(units.sizes(), at::IntArrayRef({8, kUnits}));
    EXPECT_FALSE(units.requires_grad());
  });
  EXPECT_EQ(seen, networks);

  const at::NoGradGuard no_grad;
  const at::Tensor before = encoder.encode(batch, false);
  for (const std::string& reader : readers) {
    const at::Tensor column = encoder.parameters().at(reader).select(1, 7);
    const auto changed = encoder.clone();
    change_unit(changed->parameters(), reader, 7);
    EXPECT_FALSE(at::allclose(changed->encode(batch, false), before)) << reader;
    const auto pruned = encoder.clone();
    pruned->parameters().at(reader).select(1, 7).zero_();
    const at::Tensor without = pruned->encode(batch, false);
    change_unit(pruned->parameters(), reader, 7);
    EXPECT_TRUE(at::equal(pruned->encode(batch, false), without)) << reader;
  }
}

TEST(UnitsTest, OfRobertaPassThroughTheirColumns) {
  const auto encoder = roberta(Pooling::mean);
  expect_units_pass_through_their_columns(*encoder, 3);
}

TEST(UnitsTest, OfT5PassThroughTheirColumns) {
  for (const bool gated : {false, true}) {
    const auto encoder = t5(gated);
    expect_units_pass_through_their_columns(*encoder, 5);
  }
}

TEST(UnitsTest, AreWhatTheNetworkComputes) {
  const auto encoder = roberta();
  const at::NoGradGuard no_grad;
  const auto parameters = encoder->parameters();
  // Without attention the first network reads the normed embeddings.
  for (const char* name : {"weight", "bias"}) {
    parameters.at(std::string("encoder.layer.0.attention.output.dense.") + name).zero_();
  }
  const Batch batch = batch_of_two();
  const at::Tensor embedded = encoder->hidden_states(batch).front()[0];
  const at::Tensor expected =
      at::gelu(at::linear(at::layer_norm(embedded, {24}, {}, {}, 1e-5),
                          parameters.at("encoder.layer.0.intermediate.dense.weight"),
                          parameters.at("encoder.layer.0.intermediate.dense.bias")));
  encoder->observe_units(batch, [&](std::size_t network, const at::Tensor& units) {
    if (network == 0) {
      EXPECT_LT((units.narrow(0, 0, 5) - expected).abs().max().item<double>(), 1e-5);
    }
  });
}

at::Tensor embedding_gradient(Encoder& encoder, const std::function<at::Tensor(const Batch&)>& f) {
  Batch batch = batch_of_two();
  batch.embeddings =
      at::embedding(encoder.embedding_table(), batch.ids).detach().requires_grad_(true);
  const at::Tensor result = f(batch);
  (result * at::arange(result.numel()).reshape(result.sizes())).sum().backward();
  return batch.embeddings.grad();
}

TEST(HiddenStatesTest, HaveTheGradientOfTheVectors) {
  const auto first = roberta();
  EXPECT_TRUE(at::allclose(
      embedding_gradient(*first, [&](const Batch& b) { return first->encode(b, false); }),
      embedding_gradient(
          *first, [&](const Batch& b) { return first->hidden_states(b).back().select(1, 0); }),
      1e-4, 1e-5));
  const auto second = t5(false);
  const auto pooled = [](const at::Tensor& states) {
    return at::stack({states[0][4], states[1][2]});
  };
  EXPECT_TRUE(at::allclose(
      embedding_gradient(*second, [&](const Batch& b) { return second->encode(b, false); }),
      embedding_gradient(
          *second, [&](const Batch& b) { return pooled(second->decoder_hidden_states(b).back()); }),
      1e-4, 1e-5));
}

TEST(HiddenStatesTest, AreDrawnWithDropoutInTraining) {
  const auto encoder = roberta();
  torch::manual_seed(1);
  const at::Tensor trained = encoder->hidden_states(batch_of_two(), true).back();
  torch::manual_seed(1);
  EXPECT_TRUE(at::equal(encoder->hidden_states(batch_of_two(), true).back()[0], trained[0]));
  EXPECT_FALSE(at::allclose(encoder->hidden_states(batch_of_two()).back()[0], trained[0]));
}

}  // namespace
}  // namespace ncmlab
