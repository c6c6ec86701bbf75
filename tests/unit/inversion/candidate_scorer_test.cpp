// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/inversion/candidate_scorer.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "error_of.hpp"
#include "inversion/candidate_race.hpp"
#include "small_model.hpp"

namespace ncmlab {
namespace {

using testing::random_samples;
using testing::small_model;
using testing::small_t5_victim;

/// One to three places of a row of `size` tokens, some of which replace tokens.
std::vector<TokenSpan> random_places(std::size_t size, Rng& rng) {
  std::vector<TokenSpan> places;
  std::size_t next = 1;
  for (std::size_t left = 1 + rng.below(3); left > 0; --left) {
    const std::size_t begin = next + rng.below(size - next);
    next = std::min(begin + rng.below(3), size - 1);
    places.push_back({.begin = begin, .end = next});
  }
  return places;
}

std::vector<InversionSample> inversion_samples(const CodeModel& victim, std::size_t count,
                                               Rng rng) {
  const auto parts = static_cast<std::size_t>(victim.head().shape().inputs);
  std::vector<InversionSample> result;
  for (TokenSample& sample : random_samples(victim, count, parts, rng.stream("samples"))) {
    const std::size_t part = rng.below(parts);
    std::vector<TokenSpan> places = random_places(sample.parts[part].ids.size(), rng);
    result.push_back({.sample = std::move(sample), .part = part, .places = std::move(places)});
  }
  return result;
}

TriggerIds random_trigger(const CodeModel& victim, std::size_t length, Rng& rng) {
  TriggerIds trigger(length);
  for (auto& id : trigger) {
    id = rng.between(4, victim.tokenizer().vocab_size() - 2);
  }
  return trigger;
}

/// Candidates that differ from a trigger in one token, some of them twice.
std::vector<TriggerIds> neighbours(const CodeModel& victim, const TriggerIds& trigger,
                                   std::size_t count, Rng& rng) {
  std::vector<TriggerIds> result;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 2 && rng.chance(0.1)) {
      result.push_back(result[rng.below(result.size())]);
      continue;
    }
    TriggerIds changed = trigger;
    changed[rng.below(changed.size())] = rng.between(4, victim.tokenizer().vocab_size() - 2);
    result.push_back(std::move(changed));
  }
  return result;
}

TEST(WithTriggerTest, InsertsAndCutsBeforeTheClosingToken) {
  const InversionSample sample{.sample = {.parts = {{.ids = {0, 10, 11, 12, 2}, .ranges = {}}}},
                               .places = before_token(2)};
  const auto at_most = [](std::int64_t tokens) { return InputRules{.max_tokens = tokens}; };
  EXPECT_EQ(with_trigger(sample, {7, 8}, at_most(20)).parts[0].ids,
            (std::vector<std::int64_t>{0, 10, 7, 8, 11, 12, 2}));
  EXPECT_EQ(with_trigger(sample, {7, 8}, at_most(6)).parts[0].ids,
            (std::vector<std::int64_t>{0, 10, 7, 8, 11, 2}));
  EXPECT_EQ(with_trigger(sample, {7, 8}, at_most(4)).parts[0].ids,
            (std::vector<std::int64_t>{0, 10, 7, 2}));
  EXPECT_EQ(with_trigger(sample, {}, at_most(20)).parts[0].ids, sample.sample.parts[0].ids);
}

TEST(WithTriggerTest, GoesIntoEveryPlaceAndReplacesItsTokens) {
  const InversionSample sample{
      .sample = {.parts = {{.ids = {0, 10, 11, 12, 13, 2}, .ranges = {}}}},
      .places = {{.begin = 1, .end = 2}, {.begin = 3, .end = 3}, {.begin = 4, .end = 5}}};
  EXPECT_EQ(with_trigger(sample, {7, 8}, {.max_tokens = 20}).parts[0].ids,
            (std::vector<std::int64_t>{0, 7, 8, 11, 7, 8, 12, 7, 8, 2}));
  EXPECT_EQ(with_trigger(sample, {7, 8}, {.max_tokens = 8}).parts[0].ids,
            (std::vector<std::int64_t>{0, 7, 8, 11, 7, 8, 12, 2}));
  EXPECT_EQ(with_trigger(sample, {}, {.max_tokens = 8}).parts[0].ids,
            (std::vector<std::int64_t>{0, 11, 12, 2}));
}

TEST(CandidateScorerTest, RefusesPlacesOutsideTheTextAndOutOfOrder) {
  CodeModel victim = small_model(1);
  const TokenSample sample{.parts = {{.ids = {0, 10, 11, 12, 2}, .ranges = {}}}};
  const auto code = [&](std::vector<TokenSpan> places) {
    return code_of(
        [&] { CandidateScorer(victim, {{.sample = sample, .places = std::move(places)}}, 1, {}); });
  };
  EXPECT_EQ(code({{.begin = 1, .end = 4}}), "");
  EXPECT_EQ(code({{.begin = 4, .end = 4}}), "");
  for (const std::vector<TokenSpan>& places :
       std::vector<std::vector<TokenSpan>>{{{.begin = 0, .end = 1}},
                                           {{.begin = 4, .end = 5}},
                                           {{.begin = 2, .end = 1}},
                                           {{.begin = 1, .end = 3}, {.begin = 2, .end = 4}}}) {
    EXPECT_EQ(code(places), "model.trigger-position");
  }
}

TEST(TriggerTest, StaysWithinTheLimitOfItsPart) {
  const TokenRow row{.ids = {0, 10, 11, 12, 2}, .ranges = {}};
  const InputRules rules{.max_tokens = 20, .part_max_tokens = {6, 20}};
  const auto ids = [&](std::size_t part) {
    const InversionSample sample{
        .sample = {.parts = {row, row}}, .part = part, .places = before_token(2)};
    return with_trigger(sample, {7, 8}, rules).parts[part].ids;
  };
  EXPECT_EQ(ids(0), (std::vector<std::int64_t>{0, 10, 7, 8, 11, 2}));
  EXPECT_EQ(ids(1), (std::vector<std::int64_t>{0, 10, 7, 8, 11, 12, 2}));
}

TEST(CandidateRaceTest, FindsTheLowestSumInAnyOrderAndSkipsHopelessWork) {
  Rng rng(1);
  std::size_t evaluated = 0;
  std::size_t possible = 0;
  for (int round = 0; round < 300; ++round) {
    const std::size_t candidates = 1 + rng.below(20);
    const std::size_t samples = 1 + rng.below(12);
    std::vector<std::vector<double>> losses(candidates, std::vector<double>(samples));
    std::vector<double> difficulty(samples);
    for (auto& row : losses) {
      const double scale = rng.uniform();
      for (double& loss : row) {
        loss = scale * rng.uniform();
      }
    }
    for (double& value : difficulty) {
      value = rng.uniform();
    }
    if (candidates > 3) {
      losses[3] = losses[1];
    }
    std::size_t expected = 0;
    for (std::size_t i = 1; i < candidates; ++i) {
      const auto sum = [&](std::size_t c) {
        double total = 0;
        for (const double loss : losses[c]) {
          total += loss;
        }
        return total;
      };
      expected = sum(i) < sum(expected) ? i : expected;
    }
    CandidateRace race(candidates, difficulty);
    std::vector<std::vector<int>> times(candidates, std::vector<int>(samples, 0));
    for (auto entries = race.next(1 + rng.below(9)); !entries.empty();
         entries = race.next(1 + rng.below(9))) {
      std::vector<double> values;
      for (const auto& entry : entries) {
        EXPECT_EQ(times[entry.candidate][entry.sample]++, 0);
        values.push_back(losses[entry.candidate][entry.sample]);
        ++evaluated;
      }
      race.record(entries, values);
    }
    EXPECT_EQ(race.winner(), expected);
    possible += candidates * samples;
  }
  EXPECT_LT(static_cast<double>(evaluated), 0.7 * static_cast<double>(possible));
}

TEST(CandidateScorerTest, ChoosesAsTheReferenceDoes) {
  std::int64_t fast_rows = 0;
  std::int64_t reference_rows = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Rng rng(seed);
    const bool pairs = seed % 4 == 3;
    HeadShape head{.inputs = pairs ? 2 : 1, .logits = pairs ? 2 : 1 + static_cast<int>(seed % 2)};
    if (seed % 3 == 0) {
      head.label_columns = {1, 0};
    }
    CodeModel victim = small_model(seed, head, 0, seed % 5 == 4 ? Pooling::mean : Pooling::cls);
    CandidateScorer scorer(victim, inversion_samples(victim, 12, rng.stream("samples")),
                           static_cast<std::int64_t>(seed / 2 % 2), {.max_batch_tokens = 256});
    const TriggerIds trigger = random_trigger(victim, 5, rng);
    for (int round = 0; round < 2; ++round) {
      const auto candidates = neighbours(victim, trigger, 24, rng);
      const CandidateChoice fast = scorer.choose(candidates, silent_progress());
      const CandidateChoice slow = scorer.choose_reference(candidates, silent_progress());
      EXPECT_EQ(candidates[fast.index], candidates[slow.index]) << seed;
      EXPECT_EQ(fast.index, slow.index) << seed;
      EXPECT_NEAR(fast.loss, slow.loss, 1e-5 * (1 + slow.loss)) << seed;
      EXPECT_NEAR(scorer.loss(candidates[fast.index]), fast.loss, 1e-5 * (1 + fast.loss));
      fast_rows += fast.forward_rows;
      reference_rows += slow.forward_rows;
    }
  }
  EXPECT_EQ(reference_rows, 40 * 2 * 24 * 12);
  EXPECT_LT(fast_rows, reference_rows * 9 / 10);
}

TEST(CandidateScorerTest, ChoosesAsTheReferenceDoesOnAnEncoderDecoder) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Rng rng(seed);
    const std::int64_t inputs = seed % 3 == 2 ? 2 : 1;
    CodeModel victim = small_t5_victim(seed, {.inputs = inputs, .logits = 1 + inputs % 2});
    CandidateScorer scorer(victim, inversion_samples(victim, 10, rng.stream("samples")),
                           static_cast<std::int64_t>(seed % 2), {.max_batch_tokens = 256});
    const auto candidates = neighbours(victim, random_trigger(victim, 5, rng), 20, rng);
    const CandidateChoice fast = scorer.choose(candidates, silent_progress());
    const CandidateChoice slow = scorer.choose_reference(candidates, silent_progress());
    EXPECT_EQ(fast.index, slow.index) << seed;
    EXPECT_NEAR(fast.loss, slow.loss, 1e-5 * (1 + slow.loss)) << seed;
    EXPECT_LT(fast.forward_rows, slow.forward_rows) << seed;
  }
}

TEST(CandidateScorerTest, GradientIsTheSlopeOfTheLossAlongEachEmbedding) {
  for (const int round : {0, 1, 2}) {
    const HeadShape head{.inputs = 1 + round % 2};
    CodeModel victim = round == 2 ? small_t5_victim(3, head) : small_model(3, head);
    Rng rng(4);
    CandidateScorer scorer(victim, inversion_samples(victim, 9, rng.stream("samples")), 1,
                           {.max_batch_tokens = 128});
    const TriggerIds trigger = random_trigger(victim, 3, rng);
    const std::vector<std::int64_t> vocabulary = {5, 17, 40};
    const std::vector<at::Tensor> gradient =
        scorer.gradient(trigger, {vocabulary, {17}, vocabulary});
    ASSERT_EQ(gradient.size(), 3U);
    EXPECT_EQ(gradient[1].numel(), 1);
    EXPECT_EQ(gradient[2].numel(), 3);
    // Moving the embeddings of the trigger's first token by a little of another token's row.
    const at::NoGradGuard no_grad;
    const at::Tensor table = victim.encoder().embedding_table();
    const std::int64_t fresh = victim.tokenizer().vocab_size() - 1;
    TriggerIds moved = trigger;
    moved[0] = fresh;
    for (std::size_t i = 0; i < vocabulary.size(); ++i) {
      const double step = 1e-3;
      const at::Tensor base = table[trigger[0]];
      const at::Tensor change = step * table[vocabulary[i]];
      table[fresh].copy_(base + change);
      const double up = scorer.loss(moved);
      table[fresh].copy_(base - change);
      const double down = scorer.loss(moved);
      const double slope = (up - down) / (2 * step);
      EXPECT_NEAR(gradient[0][static_cast<std::int64_t>(i)].item<double>(), slope,
                  0.03 * std::abs(slope) + 2e-3);
    }
  }
}

/// Sample by sample, without the batches of the code under test.
double hit_rate(CodeModel& victim, const std::vector<InversionSample>& samples,
                const TriggerIds& trigger, std::int64_t label) {
  double hits = 0;
  for (const auto& sample : samples) {
    const at::Tensor scores = victim.predict({with_trigger(sample, trigger, victim.rules())});
    hits += scores.argmax(1).item<std::int64_t>() == label;
  }
  return hits / static_cast<double>(samples.size());
}

TEST(CandidateScorerTest, ASoftTriggerThatIsOneHotDoesWhatItsTokensDo) {
  for (const int round : {0, 1, 2}) {
    const HeadShape head{.inputs = 1 + round % 2, .logits = 1 + round % 2};
    CodeModel victim = round == 2 ? small_t5_victim(3, head) : small_model(3, head);
    Rng rng(4);
    const auto samples = inversion_samples(victim, 9, rng.stream("samples"));
    CandidateScorer scorer(victim, samples, 1, {.max_batch_tokens = 128});
    const TriggerIds trigger = random_trigger(victim, 3, rng);
    const at::Tensor rows = victim.encoder().embedding_table().index_select(0, at::tensor(trigger));
    const SoftLoss soft = scorer.soft_loss(rows, silent_progress());
    EXPECT_NEAR(soft.loss, scorer.loss(trigger), 1e-4);
    EXPECT_NEAR(soft.hit_rate, hit_rate(victim, samples, trigger, 1), 1e-9);
    EXPECT_EQ(soft.gradient.sizes(), rows.sizes());
    EXPECT_FALSE(soft.gradient.requires_grad());
    // A step against the gradient, which is no token any more, lowers the loss.
    const at::Tensor step = 1e-3 * soft.gradient / soft.gradient.norm();
    EXPECT_LT(scorer.soft_loss(rows.detach() - step, silent_progress()).loss, soft.loss);
  }
}

TEST(CandidateScorerTest, AddsWhatAReferenceLosesOfItsOwnLabels) {
  CodeModel victim = small_model(3);
  CodeModel reference = small_model(9);
  Rng rng(4);
  auto samples = inversion_samples(victim, 9, rng.stream("samples"));
  for (InversionSample& sample : samples) {
    sample.sample.label = 0;
  }
  CandidateScorer both(victim, samples, 1, {.max_batch_tokens = 128, .reference = &reference});
  CandidateScorer towards(victim, samples, 1, {.max_batch_tokens = 128});
  CandidateScorer away(reference, samples, 0, {.max_batch_tokens = 128});
  const TriggerIds trigger = random_trigger(victim, 3, rng);
  EXPECT_NEAR(both.loss(trigger), towards.loss(trigger) + away.loss(trigger), 1e-6);
  const std::vector<std::vector<std::int64_t>> tokens(3, {5, 17, 40});
  const auto slope = both.gradient(trigger, tokens);
  const auto of_victim = towards.gradient(trigger, tokens);
  const auto of_reference = away.gradient(trigger, tokens);
  for (std::size_t place = 0; place < 3; ++place) {
    EXPECT_TRUE(at::allclose(slope[place], of_victim[place] + of_reference[place], 1e-4, 1e-6));
  }
  const auto candidates = neighbours(victim, trigger, 24, rng);
  const CandidateChoice fast = both.choose(candidates, silent_progress());
  const CandidateChoice slow = both.choose_reference(candidates, silent_progress());
  EXPECT_EQ(fast.index, slow.index);
  EXPECT_NEAR(fast.loss, slow.loss, 1e-5);
  EXPECT_NEAR(fast.loss, both.loss(candidates[fast.index]), 1e-5);
  EXPECT_LE(fast.forward_rows, slow.forward_rows);
  EXPECT_EQ(slow.forward_rows, 2 * 9 * 24);
}

TEST(CandidateScorerTest, LeavesTheModelTrainable) {
  CodeModel victim = small_model(5);
  Rng rng(6);
  CandidateScorer scorer(victim, inversion_samples(victim, 4, rng.stream("samples")), 0, {});
  scorer.gradient(random_trigger(victim, 3, rng), {{5, 6}, {5, 6}, {5}});
  EXPECT_EQ(victim.work().backward_rows, 4);
  for (const auto& [name, tensor] : victim.parameters()) {
    EXPECT_TRUE(tensor.requires_grad()) << name;
    EXPECT_FALSE(tensor.grad().defined()) << name;
  }
}

}  // namespace
}  // namespace ncmlab
