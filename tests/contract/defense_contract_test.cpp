// SPDX-License-Identifier: Apache-2.0
// What every defense must do, on a small victim that is trained once.
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <map>
#include <set>

#include "contract_plugins.hpp"
#include "ncmlab/metrics/detection.hpp"
#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/input_defense.hpp"
#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/plugin/token_texts.hpp"
#include "ncmlab/plugin/training_defense.hpp"
#include "ncmlab/plugin/trigger_edit.hpp"
#include "ncmlab/train/sample_losses.hpp"
#include "ncmlab/train/trainer.hpp"
#include "same_weights.hpp"
#include "toy_task.hpp"

namespace ncmlab::contract {
namespace {

/// What the victim is.
enum class Network { encoder, encoder_decoder };

CodeModel untrained_victim(Network network) {
  CodeModel victim = toy_victim(toy_functions(200, Rng(1)), Rng(2));
  return network == Network::encoder ? std::move(victim)
                                     : toy_encoder_decoder(victim.shared_tokenizer(), Rng(2));
}

CodeModel trained_victim(Network network) {
  static std::map<Network, CodeModel> trained;
  auto place = trained.find(network);
  if (place == trained.end()) {
    const std::vector<Example> examples = toy_functions(200, Rng(1));
    CodeModel fresh = untrained_victim(network);
    const ToyTask task;
    train(fresh, TaskView(task).tokenize(fresh, examples),
          {.epochs = 3, .learning_rate = 3e-3, .batch_size = 16}, Rng(3), silent_progress());
    place = trained.emplace(network, std::move(fresh)).first;
  }
  return place->second.clone();
}

const NgramModel& toy_language() {
  static const NgramModel model = NgramModel::train(
      token_texts(trained_victim(Network::encoder), toy_functions(300, Rng(6))), 4);
  return model;
}

/// What a defense did, in a form that can be compared.
struct Done {
  std::string said;  ///< all of it
  CodeModel model;   ///< after it
};

bool same(const Done& a, const Done& b) {
  return a.said == b.said && same_weights(a.model, b.model);
}

std::string text_of(double value) { return to_toml(Value(value)) + " "; }

std::string text_of(const std::map<std::string, double>& figures) {
  std::string text;
  for (const auto& [name, value] : figures) {
    EXPECT_TRUE(std::isfinite(value)) << name;
    text += name + " " + text_of(value);
  }
  return text;
}

std::string text_of(const std::vector<double>& scores) {
  std::string text;
  for (const double score : scores) {
    EXPECT_TRUE(std::isfinite(score));
    text += text_of(score);
  }
  return text;
}

/// Finite figures, and a verdict.
template <typename Outcome>
std::string text_of_figures(const Outcome& outcome) {
  return text_of(outcome.figures) +
         (outcome.backdoored ? *outcome.backdoored ? "backdoored" : "clean" : "");
}

class DefenseContract : public testing::TestWithParam<std::string> {
 protected:
  /// Runs the defense on a victim, giving it `examples` for whatever it asks for.
  Done defend(const std::vector<Example>& examples, Rng rng = Rng(4),
              Progress& progress = silent_progress()) {
    CodeModel victim = trained_victim(network_);
    if (const auto* training = dynamic_cast<const TrainingDefense*>(defense_.get())) {
      return train_under(*training, examples, rng, progress);
    }
    const DefenseNeeds needs = defense_->needs();
    DefenseContext context{victim,
                           TaskView(task_),
                           needs.clean_samples ? examples : std::vector<Example>{},
                           needs.training_set ? examples : std::vector<Example>{},
                           rng,
                           progress};
    const NgramModel* language = needs.ngram_model && !examples.empty() ? &toy_language() : nullptr;
    context.ngram_model = language;
    if (needs.starting_model) {
      context.starting_model = std::make_shared<const CodeModel>(untrained_victim(network_));
    }
    context.train_victim = [&](const std::vector<std::size_t>&) {
      return trained_victim(network_);
    };
    std::string said = defend_with(context, examples);
    EXPECT_EQ(context.clean_samples, needs.clean_samples ? examples : std::vector<Example>{});
    EXPECT_EQ(context.training_set, needs.training_set ? examples : std::vector<Example>{});
    return {.said = std::move(said), .model = std::move(victim)};
  }

 private:
  std::string defend_with(DefenseContext& context, const std::vector<Example>& examples) {
    if (const auto* model = dynamic_cast<const ModelDefense*>(defense_.get())) {
      return text_of(model->defend(context), context.victim);
    }
    std::string said;
    if (const auto* data = dynamic_cast<const DataDefense*>(defense_.get())) {
      said = text_of(data->inspect(context), context.training_set.size());
    } else {
      const auto& input = dynamic_cast<const InputDefense&>(*defense_);
      EXPECT_TRUE(input.false_rejection_rate() >= 0 && input.false_rejection_rate() <= 1);
      said = judge(*input.fit(context), context, examples);
    }
    EXPECT_TRUE(same_weights(context.victim, trained_victim(network_))) << "not its to change";
    return said;
  }

  std::string text_of(const DefenseOutcome& outcome, const CodeModel& victim) const {
    if (!outcome.repaired) {
      EXPECT_TRUE(same_weights(victim, trained_victim(network_)))
          << "changed, but not called repaired";
    }
    std::string text = (outcome.repaired ? "repaired " : "") + text_of_figures(outcome);
    for (const InvertedTrigger& trigger : outcome.triggers) {
      EXPECT_NE(trigger.victim_label, trigger.target_label);
      EXPECT_TRUE(trigger.target_label >= 0 && trigger.target_label < victim.classes());
      EXPECT_FALSE(trigger.ids.empty());
      EXPECT_LE(trigger.ids.size(), trigger.raw_ids.size());
      EXPECT_TRUE(trigger.hit_rate >= 0 && trigger.hit_rate <= 1) << trigger.hit_rate;
      EXPECT_EQ(trigger.text, trigger_text(victim.tokenizer(), trigger.ids));
      text += trigger.text + to_toml(Value(trigger.raw_ids)) +
              contract::text_of(std::vector<double>{trigger.loss, trigger.hit_rate});
    }
    return text;
  }

  static std::string text_of(const Suspicion& suspicion, std::size_t samples) {
    const std::set<std::size_t> flagged(suspicion.flagged.begin(), suspicion.flagged.end());
    EXPECT_EQ(flagged.size(), suspicion.flagged.size());
    EXPECT_TRUE(flagged.empty() || *flagged.rbegin() < samples);
    EXPECT_TRUE(suspicion.scores.empty() || suspicion.scores.size() == samples);
    std::string text = text_of_figures(suspicion) + contract::text_of(suspicion.scores);
    for (const std::size_t place : flagged) {
      text += std::to_string(place) + " ";
    }
    return text;
  }

  std::string judge(InputFilter& filter, DefenseContext& context,
                    const std::vector<Example>& examples) {
    const std::vector<double> scores = filter.scores(examples, context.progress);
    EXPECT_EQ(scores.size(), examples.size());
    if (scores.empty()) {
      return {};
    }
    const double threshold = threshold_for(scores, 0.3);
    std::vector<Example> flagged;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      if (scores[i] > threshold) {
        flagged.push_back(examples[i]);
      }
    }
    const std::vector<Example> last = {examples.back()};
    // Up to round-off, which depends on the shape of a batch.
    EXPECT_NEAR(filter.scores(last, context.progress).at(0), scores.back(),
                1e-4 * (1 + std::abs(scores.back())))
        << "a score depends on the samples beside it";
    std::string text = contract::text_of(scores);
    if (flagged.empty()) {
      return text;
    }
    if (const auto cleaned = filter.cleaned(flagged, threshold, context.progress)) {
      EXPECT_EQ(cleaned->size(), flagged.size());
      for (const Example& sample : *cleaned) {
        text += sample.code + sample.other_code;
      }
    }
    return text;
  }

  Done train_under(const TrainingDefense& defense, const std::vector<Example>& examples, Rng rng,
                   Progress& progress) {
    CodeModel model = untrained_victim(network_);
    const std::vector<TokenSample> samples = TaskView(task_).tokenize(model, examples);
    const DefendedTrainingContext context{
        .task = TaskView(task_),
        .training_set = examples,
        .clean_samples = defense.needs().clean_samples ? examples : std::vector<Example>{},
        .options = {.epochs = 2, .learning_rate = 3e-3, .batch_size = 16},
        .rng = rng};
    progress.check();
    const auto training = defense.begin(context);
    std::string said;
    while (auto phase = training->next([&] { return sample_losses(model, samples, progress); })) {
      EXPECT_FALSE(phase->samples.empty());
      std::vector<TokenSample> chosen;
      for (const std::size_t place : phase->samples) {
        chosen.push_back(samples.at(place));
      }
      const TrainingHooks hooks{
          .losses = [&](const at::Tensor& logits, const at::Tensor& labels, BatchPlace place) {
            for (std::size_t& sample : place.samples) {
              sample = phase->samples.at(sample);
            }
            return training->losses(model.head(), logits, labels, place);
          }};
      train(model, chosen, phase->options, rng.stream("train"), progress, hooks);
      said += phase->name + " " + std::to_string(chosen.size()) + " ";
    }
    return {.said = said + contract::text_of(training->figures()), .model = std::move(model)};
  }

 protected:
  Network network_ = Network::encoder;
  ToyTask task_;
  std::shared_ptr<Defense> defense_ = create<Defense>(PluginKind::defense, GetParam());
};

TEST_P(DefenseContract, OutcomeIsSoundAndDependsOnTheSeedOnly) {
  const std::vector<Example> examples = toy_functions(100, Rng(5));
  EXPECT_TRUE(same(defend(examples), defend(examples)));
}

TEST_P(DefenseContract, DoesNotLookAtIds) {
  const std::vector<Example> examples = toy_functions(100, Rng(5));
  std::vector<Example> renamed = examples;
  for (std::size_t i = 0; i < renamed.size(); ++i) {
    renamed[i].id = "train-" + std::to_string(renamed.size() - i);
  }
  EXPECT_TRUE(same(defend(examples), defend(renamed)));
}

TEST_P(DefenseContract, ToleratesOddSamples) {
  std::vector<Example> examples = toy_functions(20, Rng(5));
  for (Example& odd : odd_samples()) {
    examples.push_back(std::move(odd));
  }
  defend(examples);
}

TEST_P(DefenseContract, DefendsAnEncoderDecoder) {
  network_ = Network::encoder_decoder;
  const std::vector<Example> examples = toy_functions(40, Rng(5));
  EXPECT_TRUE(same(defend(examples), defend(examples)));
}

TEST_P(DefenseContract, CopesWithOneSample) { defend(toy_functions(1, Rng(5))); }

TEST_P(DefenseContract, SaysSoOrDoesNothingWithoutSamples) {
  try {
    const Done done = defend({});
    EXPECT_TRUE(defense_->stage() == DefenseStage::training ||
                same_weights(done.model, trained_victim(network_)));
  } catch (const Error& error) {
    EXPECT_TRUE(error.diagnostics().front().code.starts_with("defense."))
        << error.diagnostics().front().code;
  }
}

TEST_P(DefenseContract, StopsWhenCancelled) {
  class Stopped final : public Progress {
   public:
    bool cancelled() const override { return true; }
  };
  Stopped progress;
  EXPECT_THROW(defend(toy_functions(100, Rng(5)), Rng(4), progress), Cancelled);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, DefenseContract, testing::ValuesIn(names(PluginKind::defense)),
                         test_name);

}  // namespace
}  // namespace ncmlab::contract
