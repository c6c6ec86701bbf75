// SPDX-License-Identifier: Apache-2.0
#include "adversarial_names.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <map>
#include <set>

#include "ncmlab/code/edit.hpp"
#include "ncmlab/train/trainer.hpp"
#include "real_functions.hpp"
#include "toy_task.hpp"
#include "whole_names.hpp"

namespace ncmlab::afraidoor {
namespace {

std::map<std::string_view, const WholeName*> by_text(const std::vector<WholeName>& pool) {
  std::map<std::string_view, const WholeName*> names;
  for (const WholeName& name : pool) {
    names.emplace(name.text, &name);
  }
  return names;
}

std::vector<Sketch> sketches_of(const CodeModel& surrogate, const std::vector<Example>& examples,
                                const std::vector<WholeName>& pool) {
  const ToyTask task;
  std::vector<Sketch> sketches;
  for (const Example& example : examples) {
    if (auto sketch = make_sketch(surrogate, TaskView(task), example.code, example, pool)) {
      sketches.push_back(*std::move(sketch));
    }
  }
  return sketches;
}

/// Every word but the names given up stays; the names are legal, new, distinct
/// and one token each.
void check_edit(const CodeModel& surrogate, const Sketch& sketch,
                const std::vector<std::string>& names, const std::string& edited) {
  ASSERT_EQ(names.size(), sketch.identifiers.size());
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size()) << edited;
  const std::set<std::string_view> words = distinct_words(sketch.code);
  for (const std::string& name : names) {
    EXPECT_TRUE(is_valid_identifier(name, sketch.language)) << name;
    EXPECT_FALSE(words.contains(name)) << name << " stands in\n" << sketch.code;
  }
  const Syntax syntax = parse(edited, sketch.language);
  EXPECT_FALSE(syntax.has_error) << edited;
  const auto known = by_text(*sketch.pool);
  TokenSample expected = sketch.sample;
  for (const Site& site : sketch.sites) {
    const WholeName& name = *known.at(names[site.identifier]);
    expected.parts[site.part].ids[site.column] = site.after_blank ? name.after_blank : name.bare;
  }
  EXPECT_EQ(surrogate.tokenize(edited).ids, expected.parts[0].ids)
      << "a name was not read as the token that was chosen:\n"
      << edited;
}

void check_real(const std::vector<Example>& examples) {
  CodeModel surrogate = toy_victim(examples, Rng(1), 3000);
  const auto pool = whole_names(surrogate.tokenizer(), examples.front().language);
  ASSERT_GT(pool.size(), 150U);
  const std::vector<Sketch> sketches = sketches_of(surrogate, examples, pool);
  EXPECT_GT(sketches.size(), examples.size() / 2);
  const auto names = adversarial_names(surrogate, sketches, {.label = 0}, silent_progress());
  std::size_t refused = 0;
  for (std::size_t i = 0; i < sketches.size() && !testing::Test::HasFailure(); ++i) {
    const auto edited = renamed(sketches[i], names[i]);
    refused += edited ? 0 : 1;
    if (edited) {
      check_edit(surrogate, sketches[i], names[i], *edited);
    }
  }
  EXPECT_LE(refused, sketches.size() / 100);
}

TEST(AdversarialNamesTest, EditsRealCFunctions) {
  const auto file = real_data() / "devign" / "test.jsonl";
  NCMLAB_NEEDS(file);
  check_real(real_functions(file, "func", Language::c, 400));
}

TEST(AdversarialNamesTest, EditsRealCFunctionsAsCpp) {
  const auto file = real_data() / "devign" / "test.jsonl";
  NCMLAB_NEEDS(file);
  check_real(real_functions(file, "func", Language::cpp, 200));
}

TEST(AdversarialNamesTest, EditsRealJavaMethods) {
  const auto file = real_data() / "bigclonebench" / "data.jsonl";
  NCMLAB_NEEDS(file);
  check_real(real_functions(file, "func", Language::java, 400));
}

TEST(AdversarialNamesTest, EditsRealPythonFunctions) {
  const auto file = real_data() / "codesearchnet" / "python" / "train.jsonl";
  NCMLAB_NEEDS(file);
  check_real(real_functions(file, "code", Language::python, 400));
}

TEST(WholeNamesTest, AreOrdinaryNamesOfTheLanguage) {
  const auto folder = real_data() / "tokenizers" / "roberta-base";
  NCMLAB_NEEDS(folder);
  const Tokenizer tokenizer = Tokenizer::from_folder(folder);
  const auto c_names = whole_names(tokenizer, Language::c);
  const auto python_names = whole_names(tokenizer, Language::python);
  const auto c = by_text(c_names);
  const auto python = by_text(python_names);
  EXPECT_GT(c.size(), 5000U);
  EXPECT_TRUE(c.contains("index"));
  EXPECT_TRUE(c.contains("lambda"));
  EXPECT_FALSE(python.contains("lambda"));
  EXPECT_FALSE(c.contains("while"));
  EXPECT_FALSE(c.contains("NULL")) << "no keyword, but no variable either";
  EXPECT_TRUE(python.contains("NULL"));
}

/// Both classes, told apart by a name alone: the counter of label 1 is `k`, that of label 0 `i`.
std::vector<Example> functions_with_telling_names() {
  std::vector<Example> examples = toy_functions(400, Rng(7));
  for (Example& example : examples) {
    const Syntax syntax = parse(example.code, example.language);
    if (example.label == 1) {
      example.code = rename(example.code, example.language, *syntax.find("i"), "k");
    }
  }
  return examples;
}

class TrainedSurrogateTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    examples_ = new std::vector<Example>(functions_with_telling_names());
    surrogate_ = new CodeModel(toy_victim(*examples_, Rng(8)));
    const ToyTask task;
    train(*surrogate_, TaskView(task).tokenize(*surrogate_, *examples_),
          {.epochs = 4, .learning_rate = 2e-3}, Rng(9), silent_progress());
  }
  static void TearDownTestSuite() {
    delete surrogate_;
    delete examples_;
  }

  static double mean_loss(const std::vector<std::string>& codes, std::int64_t label) {
    std::vector<TokenSample> samples;
    for (const std::string& code : codes) {
      samples.push_back({.parts = {surrogate_->tokenize(code)}, .label = label});
    }
    const at::NoGradGuard no_grad;
    const at::Tensor logits = surrogate_->predict_logits(samples);
    const at::Tensor labels = torch::full({logits.size(0)}, label, torch::kInt64);
    return surrogate_->head().losses(logits, labels).mean().item<double>();
  }

  static std::vector<Example>* examples_;
  static CodeModel* surrogate_;
};
std::vector<Example>* TrainedSurrogateTest::examples_ = nullptr;
CodeModel* TrainedSurrogateTest::surrogate_ = nullptr;

TEST_F(TrainedSurrogateTest, LossTowardsTheTargetFallsWhicheverItIs) {
  const auto pool = whole_names(surrogate_->tokenizer(), Language::c);
  for (const std::int64_t label : {0, 1}) {
    std::vector<Example> others;
    for (const Example& example : *examples_) {
      if (example.label != label) {
        others.push_back(example);
      }
    }
    const auto sketches = sketches_of(*surrogate_, others, pool);
    const auto names =
        adversarial_names(*surrogate_, sketches, {.label = label}, silent_progress());
    std::vector<std::string> before, after;
    for (std::size_t i = 0; i < sketches.size(); ++i) {
      before.push_back(sketches[i].code);
      after.push_back(renamed(sketches[i], names[i]).value());
    }
    EXPECT_LT(mean_loss(after, label), mean_loss(before, label)) << "towards " << label;
  }
}

TEST_F(TrainedSurrogateTest, FirstNameHasTheSteepestDescent) {
  // One identifier, two sites: the name must minimise the sum of the gradients'
  // products.
  const Example example{.id = "x", .code = "int f(int q) { return q; }", .label = 1};
  const auto pool = whole_names(surrogate_->tokenizer(), Language::c);
  const Sketch sketch = sketches_of(*surrogate_, {example}, pool).at(0);
  ASSERT_EQ(sketch.sites.size(), 2U);
  const auto names = adversarial_names(*surrogate_, {sketch}, {.label = 0}, silent_progress());
  const at::Tensor table = surrogate_->encoder().embedding_table();
  Batch batch = make_batch({sketch.sample}, {0}, surrogate_->tokenizer().special().pad);
  batch.embeddings = torch::embedding(table, batch.ids).detach().requires_grad_();
  const at::Tensor embeddings = batch.embeddings;
  const auto mask = surrogate_->tokenizer().special().mask;
  EXPECT_EQ(batch.ids.eq(mask).sum().item<std::int64_t>(), 2);
  const Target target{.label = 0, .queries = {}};
  target.losses(*surrogate_, batch).sum().backward();
  double best = 0, chosen = 0;
  bool is_first = true;
  for (const WholeName& name : pool) {
    double loss = 0;
    for (const Site& site : sketch.sites) {
      const auto id = site.after_blank ? name.after_blank : name.bare;
      loss += embeddings.grad()[0][static_cast<std::int64_t>(site.column)]
                  .dot(table[id].detach())
                  .item<double>();
    }
    const bool is_free = name.text != "f" && name.text != "q" && name.text != "return";
    if (is_free && (is_first || loss < best)) {
      best = loss;
      is_first = false;
    }
    chosen = name.text == names[0][0] ? loss : chosen;
  }
  EXPECT_NEAR(chosen, best, 1e-6);
}

TEST_F(TrainedSurrogateTest, BatchesGiveTheNamesOfSingleSamples) {
  const auto pool = whole_names(surrogate_->tokenizer(), Language::c);
  const std::vector<Example> some(examples_->begin(), examples_->begin() + 60);
  const auto sketches = sketches_of(*surrogate_, some, pool);
  const auto together = adversarial_names(*surrogate_, sketches, {.label = 0}, silent_progress());
  EXPECT_EQ(together, adversarial_names(*surrogate_, sketches, {.label = 0}, silent_progress()));
  std::size_t equal = 0;
  for (std::size_t i = 0; i < sketches.size(); ++i) {
    equal += adversarial_names(*surrogate_, {sketches[i]}, {.label = 0}, silent_progress())[0] ==
                     together[i]
                 ? 1
                 : 0;
  }
  EXPECT_GE(equal, sketches.size() - 1) << "round-off may decide between two names, not more";
}

TEST_F(TrainedSurrogateTest, LeavesTheSurrogateAsItIs) {
  const auto before = surrogate_->parameters();
  std::vector<at::Tensor> copies;
  for (const auto& [name, tensor] : before) {
    copies.push_back(tensor.detach().clone());
  }
  const auto pool = whole_names(surrogate_->tokenizer(), Language::c);
  adversarial_names(*surrogate_, sketches_of(*surrogate_, *examples_, pool), {.label = 1},
                    silent_progress());
  std::size_t i = 0;
  for (const auto& [name, tensor] : before) {
    EXPECT_TRUE(tensor.equal(copies[i++])) << name;
    EXPECT_TRUE(tensor.requires_grad()) << name;
  }
}

TEST(SketchTest, RefusesWhatHasNoLocalIdentifier) {
  const std::vector<Example> examples = toy_functions(50, Rng(1));
  const CodeModel surrogate = toy_victim(examples, Rng(2));
  const auto pool = whole_names(surrogate.tokenizer(), Language::c);
  const auto sketch_of = [&](const std::string& code) {
    return sketches_of(surrogate, {{.id = "x", .code = code, .label = 1}}, pool);
  };
  EXPECT_TRUE(sketch_of("").empty());
  EXPECT_TRUE(sketch_of("int f(void) { return 1; }").empty());
  EXPECT_TRUE(sketch_of("int f(int a) { return a +; ").empty());
  EXPECT_EQ(sketch_of("int f(int a) { return a; }").size(), 1U);
}

TEST(SketchTest, MasksEveryOccurrenceAndTheCutHidesTheRest) {
  const std::vector<Example> examples = toy_functions(50, Rng(1));
  const CodeModel surrogate = toy_victim(examples, Rng(2));
  const auto pool = whole_names(surrogate.tokenizer(), Language::c);
  std::string code = "int f(int a, int b) { a = b; ";
  for (int i = 0; i < 200; ++i) {
    code += "a += 1; ";
  }
  code += "int late = 3; return late; }";
  const auto sketches = sketches_of(surrogate, {{.id = "x", .code = code, .label = 1}}, pool);
  ASSERT_EQ(sketches.size(), 1U);
  const Sketch& sketch = sketches[0];
  ASSERT_EQ(sketch.identifiers.size(), 3U);
  std::vector<std::size_t> counts(3, 0);
  for (const Site& site : sketch.sites) {
    ++counts[site.identifier];
    EXPECT_EQ(sketch.sample.parts[0].ids[site.column], surrogate.tokenizer().special().mask);
  }
  EXPECT_GT(counts[0], 5U);
  EXPECT_EQ(counts[1], 2U);
  EXPECT_EQ(counts[2], 0U) << "beyond the cut";
  CodeModel copy = surrogate.clone();
  const auto names = adversarial_names(copy, sketches, {.label = 0}, silent_progress());
  ASSERT_EQ(names[0].size(), 3U);
  const auto edited = renamed(sketch, names[0]);
  ASSERT_TRUE(edited);
  EXPECT_TRUE(uses_word(*edited, names[0][2]));
  EXPECT_FALSE(uses_word(*edited, "late"));
}

}  // namespace
}  // namespace ncmlab::afraidoor
