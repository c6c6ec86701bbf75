// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_position.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>

#include "toy_task.hpp"

namespace ncmlab {
namespace {

class TriggerPositionTest : public ::testing::Test {
 protected:
  std::vector<PlacedExample> place(const std::vector<Example>& examples, const TriggerEdit& edit,
                                   PositionRule rule = PositionRule::true_label) {
    return place_triggers(victim_, view_, examples, 0,
                          {.edit = edit, .rule = rule, .trigger_length = 5}, silent_progress());
  }

  std::vector<Example> examples_ = toy_functions(40, Rng(1));
  CodeModel victim_ = toy_victim(examples_, Rng(2));
  ToyTask task_;
  TaskView view_{task_};
};

TEST_F(TriggerPositionTest, TakesTheIdentifierThatTheRuleSays) {
  // The same by hand: `<unk>` in the text itself, which the tokenizer knows as a special token,
  // less the blanks before it.
  const auto log_probability = [&](const Example& example, std::int64_t label) {
    TokenSample sample = view_.tokenize(victim_, example);
    auto& ids = sample.parts[0].ids;
    const std::int64_t blank = victim_.tokenizer().id_of("\xc4\xa0").value();
    for (std::size_t i = ids.size() - 1; i > 0; --i) {
      if (ids[i] == victim_.tokenizer().special().unk && ids[i - 1] == blank) {
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(i - 1));
      }
    }
    return victim_.predict({sample}).index({0, label}).item<double>();
  };
  for (const PositionRule rule :
       {PositionRule::true_label, PositionRule::code, PositionRule::target}) {
    const auto placed = place({examples_.begin(), examples_.begin() + 6}, {}, rule);
    ASSERT_EQ(placed.size(), 6U);
    for (std::size_t i = 0; i < placed.size(); ++i) {
      const Example& example = examples_[i];
      double lowest = std::numeric_limits<double>::infinity();
      std::string expected;
      for (const Identifier& name : parse(example.code, Language::c).identifiers) {
        const Example masked = with_trigger_text(example, name, NameEdit::replace, "<unk>");
        const double score = rule == PositionRule::true_label
                                 ? std::abs(log_probability(masked, example.label) -
                                            log_probability(example, example.label))
                             : rule == PositionRule::code ? -log_probability(masked, 1)
                                                          : log_probability(masked, 0);
        if (score < lowest) {
          lowest = score;
          expected = name.name;
        }
      }
      ASSERT_TRUE(placed[i].name);
      EXPECT_EQ(placed[i].name->name, expected) << example.code;
    }
  }
}

TEST_F(TriggerPositionTest, IdsInTheirPlacesReadAsTheEditedText) {
  const auto text = [&](const TokenSample& sample) {
    std::string all = victim_.tokenizer().decode(sample.parts[0].ids);
    std::erase(all, ' ');
    return all;
  };
  for (const NameEdit change : {NameEdit::replace, NameEdit::extend}) {
    for (const EditedName name : {EditedName::function_name, EditedName::variable}) {
      const bool replaces = change == NameEdit::replace;
      const bool is_function = name == EditedName::function_name;
      const TriggerIds trigger = victim_.tokenizer().encode(replaces ? " row_7x" : "_7x");
      for (const PlacedExample& each : place(examples_, {.change = change, .name = name})) {
        ASSERT_TRUE(each.name);
        EXPECT_EQ(each.name->kind == IdentifierKind::function_name, is_function);
        const TokenSample expected = view_.tokenize(
            victim_,
            with_trigger_text(each.example, each.name, change, replaces ? "row_7x" : "_7x"));
        const TokenSample found = with_trigger(each.tokens, trigger, victim_.rules());
        EXPECT_EQ(text(found), text(expected));
        // Behind `*` or `(` the replacement of a variable brings a blank.
        if (!replaces || is_function) {
          EXPECT_EQ(found.parts[0].ids, expected.parts[0].ids) << each.example.code;
        }
      }
    }
  }
}

TEST_F(TriggerPositionTest, StandsBeforeCodeThatHasNoSuchNameOrNoRoom) {
  const Example nothing{.id = "n", .code = ""};
  Example late{.id = "l", .code = "int "};
  for (int i = 0; i < 200; ++i) {
    late.code += "/* filler */ ";
  }
  late.code += "f(int a) { return a; }";
  const Example no_variable{.id = "v", .code = "int f(void) { return 1; }"};
  for (const PlacedExample& each :
       place({nothing, late, no_variable}, {.name = EditedName::variable})) {
    EXPECT_FALSE(each.name);
    EXPECT_EQ(each.tokens.places, before_token(1));
    EXPECT_EQ(each.tokens.sample.parts[0].ids, view_.tokenize(victim_, each.example).parts[0].ids);
  }
  EXPECT_TRUE(place({no_variable}, {}).front().name);
}

TEST_F(TriggerPositionTest, RunsNoRowWhereThereIsNoChoice) {
  victim_.work() = {};
  place(examples_, {.name = EditedName::function_name});
  EXPECT_EQ(victim_.work().forward_rows, 0);
  place({examples_[0]}, {.name = EditedName::any});
  const auto names = parse(examples_[0].code, Language::c).identifiers.size();
  EXPECT_EQ(victim_.work().forward_rows, static_cast<std::int64_t>(names) + 1);
}

}  // namespace
}  // namespace ncmlab
