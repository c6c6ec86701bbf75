// SPDX-License-Identifier: Apache-2.0
// Networks against what Hugging Face computed with the same weights.
#include <gtest/gtest.h>
#include <torch/types.h>

#include "golden_case.hpp"

namespace ncmlab {
namespace {

using testing::difference;
using testing::GoldenCase;
using testing::mask_of;

constexpr double kBar = 1e-5;

class GoldenModelTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { NCMLAB_NEEDS(golden_data() / "models" / GetParam()); }
};

void expect_states(const GoldenCase& golden, const std::string& name,
                   const std::vector<at::Tensor>& states) {
  const at::Tensor mask = mask_of(golden.batch());
  for (std::size_t i = 0; i < states.size(); ++i) {
    const std::string key = name + "." + std::to_string(i);
    ASSERT_TRUE(golden.expected.contains(key)) << key;
    EXPECT_LT(difference(states[i] * mask, golden.expected.at(key)), kBar) << key;
  }
  EXPECT_FALSE(golden.expected.contains(name + "." + std::to_string(states.size())));
}

TEST_P(GoldenModelTest, HiddenStates) {
  const GoldenCase golden(GetParam());
  const auto encoder = golden.encoder();
  expect_states(golden, "encoder_hidden", encoder->hidden_states(golden.batch()));
  expect_states(golden, "decoder_hidden", encoder->decoder_hidden_states(golden.batch()));
}

/// The words of the decoder's input: those of the ids, shifted right behind the start token's.
at::Tensor shifted_words(const GoldenCase& golden, const at::Tensor& table) {
  const auto start =
      nlohmann::json::parse(golden.config())["decoder_start_token_id"].get<std::int64_t>();
  const at::Tensor ids = golden.batch().ids;
  const at::Tensor first = torch::full({ids.size(0), 1}, start, torch::kLong);
  return torch::embedding(table, torch::cat({first, ids.narrow(1, 0, ids.size(1) - 1)}, 1));
}

TEST_P(GoldenModelTest, VectorsLogitsLossAndGradientsOfTheInput) {
  const GoldenCase golden(GetParam());
  const auto encoder = golden.encoder();
  const Head head = golden.head();
  const bool decodes = golden.expected.contains("decoder_input_embedding_grad");
  Batch batch = golden.batch();
  const at::Tensor table = encoder->embedding_table();
  batch.embeddings = torch::embedding(table, batch.ids).detach().requires_grad_();
  if (decodes) {
    batch.decoder_embeddings = shifted_words(golden, table).detach().requires_grad_();
  }
  const at::Tensor vectors = encoder->encode(batch, true);
  EXPECT_LT(difference(vectors, golden.expected.at("sentence_vector")), kBar);
  const at::Tensor logits = head.logits(golden.for_head(vectors), true);
  EXPECT_LT(difference(logits, golden.expected.at("logits")), kBar);
  const at::Tensor loss = head.losses(logits, golden.labels()).mean();
  EXPECT_LT(difference(loss, golden.expected.at("loss").reshape({})), kBar);
  const at::Tensor expected = golden.expected.at("probabilities");
  const at::Tensor probabilities =
      golden.is_search() ? unit_vectors(vectors) : head.log_probabilities(logits).exp();
  const bool one_column = !golden.is_search() && expected.size(1) == 1;
  EXPECT_LT(difference(one_column ? probabilities.narrow(1, 1, 1) : probabilities, expected), kBar);
  loss.backward();
  const at::Tensor mask = mask_of(batch);
  EXPECT_LT(difference(batch.embeddings.grad() * mask, golden.expected.at("input_embedding_grad")),
            kBar);
  if (decodes) {
    EXPECT_LT(difference(batch.decoder_embeddings.grad() * mask,
                         golden.expected.at("decoder_input_embedding_grad")),
              kBar);
  }
}

TEST_P(GoldenModelTest, VectorsAndLogitsWithoutGradient) {
  const GoldenCase golden(GetParam());
  const at::NoGradGuard no_grad;
  const at::Tensor vectors = golden.encoder()->encode(golden.batch(), false);
  EXPECT_LT(difference(vectors, golden.expected.at("sentence_vector")), kBar);
  EXPECT_LT(difference(golden.head().logits(golden.for_head(vectors), false),
                       golden.expected.at("logits")),
            kBar);
}

TEST_P(GoldenModelTest, EmbeddingsOfTheInputAloneStandInForBothInputs) {
  const GoldenCase golden(GetParam());
  const auto encoder = golden.encoder();
  Batch batch = golden.batch();
  batch.embeddings =
      torch::embedding(encoder->embedding_table(), batch.ids).detach().requires_grad_();
  const Head head = golden.head();
  const at::Tensor vectors = encoder->encode(batch, false);
  EXPECT_LT(difference(vectors, golden.expected.at("sentence_vector")), kBar);
  head.losses(head.logits(golden.for_head(vectors), false), golden.labels()).mean().backward();
  at::Tensor expected = golden.expected.at("input_embedding_grad");
  if (const at::Tensor* decoder = golden.expected.find("decoder_input_embedding_grad")) {
    // The decoder reads each token one place later.
    const at::Tensor shifted = torch::zeros_like(*decoder);
    shifted.narrow(1, 0, decoder->size(1) - 1).copy_(decoder->narrow(1, 1, decoder->size(1) - 1));
    expected = expected + shifted;
  }
  EXPECT_LT(difference(batch.embeddings.grad() * mask_of(batch), expected * mask_of(batch)),
            2 * kBar);
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenModelTest, ::testing::ValuesIn(testing::kGoldenCases));

}  // namespace
}  // namespace ncmlab
