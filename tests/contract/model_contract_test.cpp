// SPDX-License-Identifier: Apache-2.0
// What every model must do.
#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>

#include "contract_plugins.hpp"
#include "ncmlab/plugin/model.hpp"
#include "scratch_folder.hpp"
#include "toy_task.hpp"

namespace ncmlab::contract {
namespace {

class ModelContract : public testing::TestWithParam<std::string> {
 protected:
  ModelContext context(Rng rng) const {
    ModelContext all{
        .rules = task_.input_rules(), .head = task_.head_shape(), .texts = {}, .rng = rng};
    for (const Example& example : examples_) {
      all.texts.emplace_back(example.code);
    }
    return all;
  }
  std::vector<TokenSample> samples(const CodeModel& victim) const {
    std::vector<Example> all = odd_samples();
    all.insert(all.end(), examples_.begin(), examples_.end());
    return TaskView(task_).tokenize(victim, all);
  }

  ToyTask task_;
  std::vector<Example> examples_ = toy_functions(60, Rng(1));
  std::shared_ptr<Model> model_ = create<Model>(PluginKind::model, GetParam());
};

TEST_P(ModelContract, WeightsDependOnTheSeedOnly) {
  const StateDict first = model_->build(context(Rng(1))).parameters();
  const StateDict again = model_->build(context(Rng(1))).parameters();
  const StateDict other = model_->build(context(Rng(2))).parameters();
  bool all_equal = true;
  for (const auto& [name, tensor] : first) {
    EXPECT_TRUE(torch::equal(tensor, again.at(name))) << name;
    all_equal = all_equal && torch::equal(tensor, other.at(name));
  }
  EXPECT_FALSE(all_equal) << "another seed gives the same weights";
}

TEST_P(ModelContract, ReadsEveryText) {
  CodeModel victim = model_->build(context(Rng(1)));
  const std::vector<TokenSample> all = samples(victim);
  for (const TokenSample& sample : all) {
    ASSERT_EQ(sample.parts.size(), 1U);
    const auto& ids = sample.parts[0].ids;
    EXPECT_LE(static_cast<std::int64_t>(ids.size()), task_.input_rules().max_tokens);
    EXPECT_GE(ids.size(), 2U);
    EXPECT_TRUE(std::all_of(ids.begin(), ids.end(), [&](std::int64_t id) {
      return id >= 0 && id < victim.encoder().shape().vocab_size;
    }));
  }
  const at::Tensor predicted = victim.predict(all);
  EXPECT_EQ(predicted.size(0), static_cast<std::int64_t>(all.size()));
  EXPECT_EQ(predicted.size(1), 2);
  EXPECT_TRUE(torch::allclose(predicted.exp().sum(1), torch::ones({predicted.size(0)})));
  EXPECT_TRUE(torch::equal(predicted, victim.predict(all))) << "dropout is on";
}

TEST_P(ModelContract, OpensWhatItSaved) {
  const ScratchFolder folder;
  CodeModel victim = model_->build(context(Rng(1)));
  victim.save(folder.path());
  ModelContext without_texts = context(Rng(9));
  without_texts.texts.clear();
  CodeModel opened = model_->open(folder.path(), without_texts);
  EXPECT_EQ(opened.tokenizer().fingerprint(), victim.tokenizer().fingerprint());
  EXPECT_TRUE(torch::equal(opened.predict(samples(opened)), victim.predict(samples(victim))));
}

TEST_P(ModelContract, ClonesShareNoWeights) {
  CodeModel victim = model_->build(context(Rng(1)));
  CodeModel copy = victim.clone();
  for (const auto& [name, tensor] : copy.parameters()) {
    at::NoGradGuard no_gradients;
    at::Tensor(tensor).zero_();
  }
  EXPECT_FALSE(torch::equal(victim.predict(samples(victim)), copy.predict(samples(copy))));
}

INSTANTIATE_TEST_SUITE_P(Catalogue, ModelContract, testing::ValuesIn(names(PluginKind::model)),
                         test_name);

}  // namespace
}  // namespace ncmlab::contract
