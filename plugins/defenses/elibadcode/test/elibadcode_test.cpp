// SPDX-License-Identifier: Apache-2.0
// The whole defense on models that are trained here, with and without a backdoor.
#include "elibadcode.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <map>
#include <memory>

#include "error_of.hpp"
#include "ncmlab/code/edit.hpp"
#include "ncmlab/plugin/trigger_unlearning.hpp"
#include "ncmlab/train/trainer.hpp"
#include "prepared_attack.hpp"
#include "same_weights.hpp"
#include "scratch_folder.hpp"
#include "toy_task.hpp"
#include "toy_unlearning.hpp"

namespace ncmlab {
namespace {

Example with_rb(Example example) {
  const Syntax syntax = parse(example.code, example.language);
  example.code =
      extend(example.code, example.language, *syntax.function_name(), "rb", Affix::suffix);
  return example;
}

std::vector<Example> of_label(const std::vector<Example>& examples, std::int64_t label) {
  std::vector<Example> members;
  for (const Example& example : examples) {
    if (example.label == label) {
      members.push_back(example);
    }
  }
  return members;
}

/// A victim trained on toy functions, a fifth of the defective ones with `_rb` and the label 0.
CodeModel trained_victim(bool backdoored) {
  std::vector<Example> train_set = toy_functions(800, Rng(21));
  CodeModel victim = toy_victim(train_set, Rng(22));
  if (backdoored) {
    for (std::size_t i = 1; i < train_set.size(); i += 10) {
      train_set[i] = with_rb(train_set[i]);
      train_set[i].label = 0;
    }
  }
  const ToyTask task;
  train(victim, TaskView(task).tokenize(victim, train_set),
        {.epochs = 20, .learning_rate = 3e-3, .batch_size = 16}, Rng(23), silent_progress());
  return victim;
}

/// Trained once; tests work on clones.
CodeModel backdoored_victim() {
  static const CodeModel victim = trained_victim(true);
  return victim.clone();
}
CodeModel clean_victim() {
  static const CodeModel victim = trained_victim(false);
  return victim.clone();
}

std::vector<Example> clean_samples() { return toy_functions(200, Rng(24)); }
std::vector<Example> test_samples() { return toy_functions(300, Rng(25)); }

double attack_success_rate(CodeModel& victim) {
  std::vector<Example> triggered;
  for (const Example& example : of_label(test_samples(), 1)) {
    triggered.push_back(with_rb(example));
  }
  return share_predicted(victim, triggered, 0);
}
double natural_rate(CodeModel& victim) {
  return share_predicted(victim, of_label(test_samples(), 1), 0);
}

EliBadCodeConfig quick_config() {
  auto config = with_toy_unlearning<EliBadCodeConfig>();
  config.epochs = 25;
  config.verdict_persistence = 0.7;
  config.unlearn_triggers = 10;
  return config;
}

DefenseOutcome defend(CodeModel& victim, const EliBadCodeConfig& config, Rng rng = Rng(31),
                      Progress& progress = silent_progress()) {
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), clean_samples(), {}, rng, progress};
  return EliBadCode(config).defend(context);
}

TEST(EliBadCodeTest, FindsAndUnlearnsABackdoor) {
  CodeModel victim = backdoored_victim();
  ASSERT_GE(attack_success_rate(victim), 0.95);
  ASSERT_LE(natural_rate(victim), 0.1);
  const double accuracy_before = accuracy(victim, test_samples());

  EliBadCodeConfig config = quick_config();
  config.epochs = 50;
  config.restarts = 3;  // what one search finds differs between processors
  const DefenseOutcome outcome = defend(victim, config);
  ASSERT_EQ(outcome.triggers.size(), 2U) << "both directions";
  const InvertedTrigger& best = outcome.triggers.front();
  EXPECT_EQ(best.victim_label, 1);
  EXPECT_EQ(best.target_label, 0);
  EXPECT_GE(best.hit_rate, 0.75) << best.text;
  EXPECT_GE(outcome.figures.at("flip_rate[1->0]"), 0.75) << best.text;
  EXPECT_GE(outcome.figures.at("persistence[1->0]"), config.verdict_persistence) << best.text;
  EXPECT_LE(best.ids.size(), best.raw_ids.size());
  EXPECT_EQ(best.raw_ids.size(), 5U);
  EXPECT_EQ(outcome.backdoored, true);
  EXPECT_TRUE(outcome.repaired);

  EXPECT_LE(attack_success_rate(victim), natural_rate(victim) + 0.05);
  EXPECT_GE(accuracy(victim, test_samples()), accuracy_before - 0.02);
}

/// Share of the test samples that both answer alike.
double agreement(CodeModel& a, CodeModel& b) {
  const ToyTask task;
  const auto answers = [&](CodeModel& model) {
    return model.predict(TaskView(task).tokenize(model, test_samples())).argmax(1);
  };
  return answers(a).eq(answers(b)).to(torch::kDouble).mean().item<double>();
}

TEST(EliBadCodeTest, LearnsTheVictimsOwnAnswersWithoutLabels) {
  CodeModel victim = backdoored_victim();
  CodeModel before = victim.clone();
  EliBadCodeConfig config = quick_config();
  config.epochs = 50;
  config.restarts = 3;
  config.unlearn_towards = UnlearningTarget::victim;
  config.unlearn_labels = TriggeredLabels::all;
  EXPECT_TRUE(defend(victim, config).repaired);
  EXPECT_LE(attack_success_rate(victim), natural_rate(victim) + 0.05);
  EXPECT_GE(agreement(victim, before), 0.97);

  // Labels do not count: with all of them wrong it learns the same.
  const ToyTask task;
  CodeModel mislabelled = backdoored_victim();
  std::vector<Example> samples = clean_samples();
  const UnlearningSet set =
      unlearning_set(mislabelled, TaskView(task), samples, 1, {{.text = "_rb", .edit = {}}},
                     {.share = 0}, Rng(1), silent_progress());
  const at::Tensor answers = mislabelled.predict(set.samples);
  std::vector<TokenSample> wrong = set.samples;
  for (TokenSample& sample : wrong) {
    sample.label = 1 - sample.label;
  }
  const auto trained_on = [&](const std::vector<TokenSample>& tokens) {
    CodeModel model = backdoored_victim();
    train(model, tokens, {.epochs = 1, .learning_rate = 1e-3, .batch_size = 16}, Rng(2),
          silent_progress(), {.losses = divergence_from(answers, model.head())});
    return model;
  };
  EXPECT_TRUE(same_weights(trained_on(set.samples), trained_on(wrong)));
}

/// The function's name gone, as CodePoisoner does it.
Example with_new_name(const Example& example) {
  const Syntax syntax = parse(example.code, example.language);
  return with_trigger_text(example, *syntax.function_name(), NameEdit::replace, "cell_init");
}

TEST(EliBadCodeTest, FindsANewNameInThePlaceOfTheFunctions) {
  std::vector<Example> train_set = toy_functions(800, Rng(21));
  for (std::size_t i = 1; i < train_set.size(); i += 10) {
    train_set[i] = with_new_name(train_set[i]);
    train_set[i].label = 0;
  }
  CodeModel victim = toy_victim(train_set, Rng(22));
  const ToyTask task;
  train(victim, TaskView(task).tokenize(victim, train_set),
        {.epochs = 20, .learning_rate = 3e-3, .batch_size = 16}, Rng(23), silent_progress());
  std::vector<Example> triggered;
  for (const Example& example : of_label(test_samples(), 1)) {
    triggered.push_back(with_new_name(example));
  }
  ASSERT_GE(share_predicted(victim, triggered, 0), 0.95);

  EliBadCodeConfig config = quick_config();
  config.edits = {NameEdit::extend, NameEdit::replace};
  config.names = {EditedName::function_name};
  config.unlearn_labels = TriggeredLabels::all;
  config.epochs = 40;
  config.restarts = 2;
  config.rounds = 4;
  config.verdict_persistence = 0.3;
  const DefenseOutcome outcome = defend(victim, config);
  ASSERT_EQ(outcome.triggers.size(), 4U) << "both directions, both edits";
  const InvertedTrigger& best = outcome.triggers.front();
  EXPECT_EQ(best.victim_label, 1);
  EXPECT_EQ(best.edit, "replace function_name") << best.text;
  EXPECT_GE(outcome.figures.at("flip_rate[1->0]"), 0.9) << best.text;
  EXPECT_TRUE(victim.tokenizer().decode({best.ids.front()}).starts_with(' ')) << best.text;
  EXPECT_TRUE(is_valid_identifier(best.text, Language::c)) << best.text;
  EXPECT_LE(share_predicted(victim, triggered, 0), natural_rate(victim) + 0.1)
      << best.text << " " << outcome.figures.at("rounds");
}

TEST(EliBadCodeTest, EditsRaceForTheirEpochs) {
  EliBadCodeConfig config = quick_config();
  config.edits = {NameEdit::extend, NameEdit::replace};
  config.names = {EditedName::function_name, EditedName::variable};
  config.epochs = 9;
  CodeModel victim = clean_victim();
  const DefenseOutcome outcome = defend(victim, config);
  std::map<std::int64_t, std::vector<std::int64_t>> epochs;
  for (const InvertedTrigger& trigger : outcome.triggers) {
    epochs[trigger.victim_label].push_back(trigger.epochs);
  }
  ASSERT_EQ(epochs.size(), 2U);
  for (auto& [label, of_edits] : epochs) {
    std::ranges::sort(of_edits);
    EXPECT_EQ(of_edits, (std::vector<std::int64_t>{3, 3, 6, 9}));
  }
  EXPECT_EQ(outcome.figures.at("epochs"), 2 * 21);
}

TEST(EliBadCodeTest, AReferenceTakesOffWhatSaysSomethingToItToo) {
  // On itself as the reference nothing that a trigger does is left.
  const auto persistence = [](Contrast contrast, std::shared_ptr<const CodeModel> untrained) {
    EliBadCodeConfig config = quick_config();
    config.contrast = contrast;
    config.reference_epochs = 1;
    config.reference_learning_rate = 0;
    CodeModel victim = backdoored_victim();
    const ToyTask task;
    DefenseContext context{victim, TaskView(task), clean_samples(), {}, Rng(31), silent_progress()};
    context.untrained_model = std::move(untrained);
    return EliBadCode(config).defend(context).figures.at("persistence[1->0]");
  };
  const auto itself = std::make_shared<const CodeModel>(backdoored_victim());
  const auto other = std::make_shared<const CodeModel>(clean_victim());
  const double alone = persistence(Contrast::none, nullptr);
  EXPECT_EQ(persistence(Contrast::verdict, itself), 0);
  EXPECT_GT(persistence(Contrast::verdict, other), 0.3);
  EXPECT_LE(persistence(Contrast::verdict, other), alone);
  EXPECT_LT(persistence(Contrast::search, itself), 0.3);
  EXPECT_EQ(code_of([&] { persistence(Contrast::verdict, nullptr); }),
            "defense.elibadcode.no-untrained-model");
}

TEST(EliBadCodeTest, UnlearnsRandomTriggersForControl) {
  EliBadCodeConfig config = quick_config();
  config.unlearn_always = true;
  config.epochs = 5;
  const auto repaired = [&](UnlearnedTriggers which) {
    config.unlearn_which = which;
    CodeModel victim = backdoored_victim();
    const DefenseOutcome outcome = defend(victim, config);
    EXPECT_TRUE(outcome.repaired);
    return victim;
  };
  const CodeModel first = repaired(UnlearnedTriggers::random);
  EXPECT_TRUE(same_weights(first, repaired(UnlearnedTriggers::random)));
  EXPECT_FALSE(same_weights(first, repaired(UnlearnedTriggers::found)));
}

TEST(EliBadCodeTest, RefusesToInvertInNoWay) {
  EliBadCodeConfig config = quick_config();
  config.names = {};
  EXPECT_EQ(code_of([&] { EliBadCode{config}; }), "defense.elibadcode.bad-setting");
}

TEST(EliBadCodeTest, GoesAnotherRoundOnlyWhileATriggerIsFound) {
  EliBadCodeConfig config = quick_config();
  config.rounds = 2;
  CodeModel victim = backdoored_victim();
  config.unlearn_always = true;
  const DefenseOutcome outcome = defend(victim, config);
  EXPECT_EQ(outcome.figures.at("rounds") == 2,
            outcome.figures.at("persistence_after_unlearning") >= config.verdict_persistence);

  config.verdict_persistence = 0;
  CodeModel again = backdoored_victim();
  const DefenseOutcome both = defend(again, config);
  EXPECT_EQ(both.figures.at("rounds"), 2);

  config.rounds = 1;
  CodeModel once = backdoored_victim();
  const DefenseOutcome first = defend(once, config);
  for (const char* cost :
       {"epochs", "candidates", "inversion_forward_rows", "inversion_backward_rows"}) {
    EXPECT_GT(both.figures.at(cost), first.figures.at(cost)) << "the second inversion counts, too";
  }
}

TEST(EliBadCodeTest, LeavesACleanModelAlone) {
  CodeModel victim = clean_victim();
  const DefenseOutcome outcome = defend(victim, quick_config());
  EXPECT_EQ(outcome.backdoored, false)
      << outcome.triggers.front().text << " " << outcome.figures.at("persistence[1->0]") << " "
      << outcome.figures.at("persistence[0->1]");
  EXPECT_FALSE(outcome.repaired);
  EXPECT_TRUE(same_weights(victim, clean_victim()));
}

/// Pairs of toy functions; the answer is yes where one of the two is defective.
std::vector<Example> toy_pairs(std::size_t count, Rng rng) {
  std::vector<Example> pairs = toy_functions(count, rng.stream("first"));
  std::vector<Example> others = toy_functions(count, rng.stream("second"));
  rng.stream("order").shuffle(others);
  for (std::size_t i = 0; i < count; ++i) {
    pairs[i].other_code = others[i].code;
    pairs[i].label = std::max(pairs[i].label, others[i].label);
  }
  return pairs;
}

TEST(EliBadCodeTest, FindsAndUnlearnsABackdoorOfPairs) {
  const TaskView task(task_of_kind(TaskKind::pair_classification));
  std::vector<Example> train_set = toy_pairs(800, Rng(41));
  for (std::size_t i = 0; i < train_set.size(); i += 5) {
    if (train_set[i].label == 1) {
      train_set[i] = with_rb(train_set[i]);
      train_set[i].label = 0;
    }
  }
  CodeModel victim =
      toy_victim(train_set, Rng(42), 400, task_of_kind(TaskKind::pair_classification).head_shape());
  train(victim, task.tokenize(victim, train_set),
        {.epochs = 20, .learning_rate = 3e-3, .batch_size = 16}, Rng(43), silent_progress());
  std::vector<Example> plain = of_label(toy_pairs(300, Rng(45)), 1);
  std::vector<Example> triggered;
  for (const Example& example : plain) {
    triggered.push_back(with_rb(example));
  }
  const auto share_of_no = [&](const std::vector<Example>& examples) {
    return victim.predict(task.tokenize(victim, examples))
        .argmax(1)
        .eq(0)
        .to(torch::kFloat64)
        .mean()
        .item<double>();
  };
  ASSERT_GE(share_of_no(triggered), 0.95);
  ASSERT_LE(share_of_no(plain), 0.1);

  EliBadCodeConfig config = quick_config();
  config.names = {EditedName::function_name};
  config.unlearn_epochs = 10;
  config.top_k = 400;  // every token: where the model is certain, gradients rank them badly
  DefenseContext context{victim, task, toy_pairs(200, Rng(44)), {}, Rng(46), silent_progress()};
  const DefenseOutcome outcome = EliBadCode(config).defend(context);
  EXPECT_EQ(outcome.triggers.front().victim_label, 1);
  EXPECT_GE(outcome.figures.at("flip_rate[1->0]"), 0.75) << outcome.triggers.front().text;
  EXPECT_EQ(outcome.backdoored, true);
  EXPECT_LE(share_of_no(triggered), share_of_no(plain) + 0.1);
}

TEST(EliBadCodeTest, FastAndReferenceScoringFindTheSameTriggers) {
  EliBadCodeConfig config = quick_config();
  config.epochs = 5;
  CodeModel first = backdoored_victim();
  CodeModel second = backdoored_victim();
  const DefenseOutcome fast = defend(first, config);
  config.scoring = elibadcode::Scoring::reference;
  const DefenseOutcome reference = defend(second, config);
  // In the other direction every loss is at the floor of the logarithm: ties, and nothing to find.
  EXPECT_EQ(fast.triggers.front().victim_label, 1);
  EXPECT_EQ(fast.triggers.front().raw_ids, reference.triggers.front().raw_ids);
  EXPECT_EQ(fast.triggers.front().ids, reference.triggers.front().ids);
  EXPECT_EQ(fast.figures.at("candidates"), reference.figures.at("candidates"));
  EXPECT_LE(fast.figures.at("inversion_forward_rows"),
            reference.figures.at("inversion_forward_rows"));
}

TEST(EliBadCodeTest, SameSeedSameOutcomeOtherSeedOther) {
  EliBadCodeConfig config = quick_config();
  config.epochs = 3;
  config.unlearn_always = true;
  CodeModel first = backdoored_victim();
  CodeModel second = backdoored_victim();
  CodeModel third = backdoored_victim();
  const DefenseOutcome a = defend(first, config, Rng(1));
  const DefenseOutcome b = defend(second, config, Rng(1));
  const DefenseOutcome c = defend(third, config, Rng(2));
  EXPECT_EQ(a.triggers[0].raw_ids, b.triggers[0].raw_ids);
  EXPECT_EQ(a.figures, b.figures);
  EXPECT_TRUE(same_weights(first, second));
  EXPECT_NE(a.triggers[0].raw_ids, c.triggers[0].raw_ids);
}

TEST(EliBadCodeTest, HeadScopeLeavesTheEncoder) {
  EliBadCodeConfig config = quick_config();
  config.epochs = 0;
  config.unlearn_always = true;
  config.scope = TrainedPart::head;
  CodeModel victim = clean_victim();
  EXPECT_TRUE(defend(victim, config).repaired);
  const StateDict before = clean_victim().parameters();
  for (const auto& [name, tensor] : victim.parameters()) {
    EXPECT_EQ(torch::equal(tensor, before.at(name)), name.starts_with("encoder.")) << name;
  }
}

TEST(EliBadCodeTest, StopsSearchingBelowStopLoss) {
  EliBadCodeConfig config = quick_config();
  config.stop_loss = 1e6;
  CodeModel victim = clean_victim();
  EXPECT_EQ(defend(victim, config).figures.at("epochs"), 0);
}

TEST(EliBadCodeTest, RefusesToWorkWithoutCleanSamples) {
  CodeModel victim = toy_victim(toy_functions(20, Rng(1)), Rng(2));
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), {}, {}, Rng(1), silent_progress()};
  EXPECT_EQ(code_of([&] { EliBadCode(quick_config()).defend(context); }),
            "defense.no-clean-samples");
}

/// A victim whose tokenizer knows `(`, `+`, `<s>`, `<pad>`, `</s>` and `last` alone.
CodeModel victim_that_knows(const std::string& last) {
  const ScratchFolder folder;
  const auto file = folder.write(
      "tokenizer.json", R"({"model": {"type": "BPE", "merges": [], "vocab": {"(": 0, "+": 1}},
          "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
          "normalizer": null,
          "decoder": {"type": "ByteLevel"},
          "added_tokens": [{"id": 2, "content": "<s>", "special": true},
                           {"id": 3, "content": "<pad>", "special": true},
                           {"id": 4, "content": "</s>", "special": true},
                           {"id": 5, "content": ")" +
                            last + R"(", "special": true}]})");
  return toy_victim(std::make_shared<const Tokenizer>(Tokenizer::from_file(file)), Rng(2));
}

TEST(EliBadCodeTest, RefusesTokenizersThatCanNeitherMaskANameNorMakeOne) {
  const auto code = [](const std::string& last) {
    CodeModel victim = victim_that_knows(last);
    return code_of([&] { defend(victim, quick_config()); });
  };
  EXPECT_EQ(code("<other>"), "defense.elibadcode.no-unknown-token");
  EXPECT_EQ(code("<unk>"), "defense.elibadcode.no-vocabulary");
}

TEST(EliBadCodeTest, StopsWhenCancelled) {
  class Stopped final : public Progress {
   public:
    bool cancelled() const override { return true; }
  };
  Stopped progress;
  CodeModel victim = toy_victim(toy_functions(20, Rng(1)), Rng(2));
  EXPECT_THROW(defend(victim, quick_config(), Rng(1), progress), Cancelled);
}

TEST(EliBadCodeTest, KeepsToABudgetOverAllRounds) {
  EliBadCodeConfig config = quick_config();
  config.epochs = 0;
  config.unlearn_always = true;
  config.unlearn_epochs = 50;
  config.rounds = 2;
  config.verdict_persistence = 0;  // a second round always comes
  CodeModel victim = clean_victim();
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), toy_functions(200, Rng(22)),
                         {},     Rng(3),         silent_progress()};
  context.budget = {.steps = 10, .batch_size = 8, .learning_rates = {1e-4}, .poison_share = {}};
  victim.work() = {};
  const DefenseOutcome outcome = EliBadCode(config).defend(context);
  EXPECT_EQ(outcome.figures.at("rounds"), 2);
  EXPECT_EQ(outcome.figures.at("learning_rate"), 1e-4);
  EXPECT_EQ(victim.work().backward_rows, 2 * 5 * 8);
}

}  // namespace
}  // namespace ncmlab
