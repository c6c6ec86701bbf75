// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_edit.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "ncmlab/plugin/trigger_alphabet.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

const Example kSum = {.id = "a", .code = "int sum(int n) { return n + sum(n - 1); }", .label = 1};

std::string edited(const std::string& name, NameEdit change, std::string_view text) {
  const Syntax syntax = parse(kSum.code, kSum.language);
  return with_trigger_text(kSum, *syntax.find(name), change, text).code;
}

TEST(WithTriggerTextTest, EditsEveryOccurrence) {
  EXPECT_EQ(edited("sum", NameEdit::replace, "qzx"), "int qzx(int n) { return n + qzx(n - 1); }");
  EXPECT_EQ(edited("sum", NameEdit::extend, "_q"), "int sum_q(int n) { return n + sum_q(n - 1); }");
  EXPECT_EQ(edited("n", NameEdit::replace, "abc"),
            "int sum(int abc) { return abc + sum(abc - 1); }");
  EXPECT_EQ(edited("n", NameEdit::extend, ""), kSum.code);
}

TEST(WithTriggerTextTest, PutsTheTextBeforeTheCodeWhereThereIsNoName) {
  EXPECT_EQ(with_trigger_text(kSum, std::nullopt, NameEdit::replace, "q").code, "q " + kSum.code);
}

TEST(TriggerEditTest, SaysWhichNamesItMayEnter) {
  EXPECT_EQ(to_string(TriggerEdit{.change = NameEdit::extend, .name = EditedName::variable}),
            "extend variable");
  EXPECT_TRUE(may_edit(EditedName::any, IdentifierKind::function_name));
  EXPECT_TRUE(may_edit(EditedName::any, IdentifierKind::parameter));
  EXPECT_TRUE(may_edit(EditedName::function_name, IdentifierKind::function_name));
  EXPECT_FALSE(may_edit(EditedName::function_name, IdentifierKind::local_variable));
  EXPECT_FALSE(may_edit(EditedName::variable, IdentifierKind::function_name));
  EXPECT_TRUE(may_edit(EditedName::variable, IdentifierKind::parameter));
}

/// A tokenizer that knows the words of toy functions.
const Tokenizer& tokenizer() {
  static const CodeModel victim = toy_victim(toy_functions(100, Rng(1)), Rng(2));
  return victim.tokenizer();
}

std::int64_t id(std::string_view token) {
  const auto found = tokenizer().id_of(token);
  EXPECT_TRUE(found) << token;
  return found.value_or(-1);
}

TEST(TriggerTextTest, StartsWithoutABlank) {
  EXPECT_EQ(trigger_text(tokenizer(), tokenizer().encode(" copy_x")), "copy_x");
  EXPECT_EQ(trigger_text(tokenizer(), tokenizer().encode("_x")), "_x");
  EXPECT_EQ(trigger_text(tokenizer(), {}), "");
}

TEST(SpellingTest, KnowsWhatTheTokenizerMakesOfAReplacedName) {
  const Spelling spelling(tokenizer(), NameEdit::replace, {});
  EXPECT_TRUE(spelling.is_proper(tokenizer().encode(" copy_frame7")));
  EXPECT_FALSE(spelling.is_proper(tokenizer().encode("copy_frame7"))) << "starts no word";
  // Letter by letter, though the tokenizer has a token for the word.
  ASSERT_EQ(tokenizer().encode(" size").size(), 1U);
  EXPECT_FALSE(spelling.is_proper({id("\xc4\xa0"), id("s"), id("i"), id("z"), id("e")}));
}

TEST(SpellingTest, AsksMostOfTheNamesThatATriggerFollows) {
  const TriggerIds letter = {id("n")};
  ASSERT_EQ(tokenizer().encode(" size"), TriggerIds{id("\xc4\xa0size")});
  const Spelling behind_digit(tokenizer(), NameEdit::extend, {"x1"});
  EXPECT_TRUE(behind_digit.is_proper(letter));
  // `in` is a token of its own: behind `i` the letter does not stay one.
  const Spelling behind_letter(tokenizer(), NameEdit::extend, {"i"});
  ASSERT_EQ(tokenizer().encode(" in").size(), 1U);
  EXPECT_FALSE(behind_letter.is_proper(letter));
  std::vector<std::string> names = {"i"};
  for (int i = 0; i < 8; ++i) {
    names.push_back("x" + std::to_string(i));
  }
  EXPECT_FALSE(Spelling(tokenizer(), NameEdit::extend, names).is_proper(letter)) << "8 of 9";
  names.push_back("x8");
  EXPECT_TRUE(Spelling(tokenizer(), NameEdit::extend, names).is_proper(letter)) << "9 of 10";
}

TEST(TriggerAlphabetTest, StartsAWordOnlyWhereTheTriggerReplacesAName) {
  const auto alphabet = [](NameEdit change) {
    return trigger_alphabet(tokenizer(), NameUse::continues_name, {Language::c}, change);
  };
  const TriggerAlphabet extending = alphabet(NameEdit::extend);
  const TriggerAlphabet replacing = alphabet(NameEdit::replace);
  EXPECT_EQ(extending.first, extending.later);
  EXPECT_EQ(extending.later, replacing.later);
  EXPECT_EQ(&replacing.of(0), &replacing.first);
  EXPECT_EQ(&replacing.of(3), &replacing.later);
  ASSERT_FALSE(replacing.first.empty());
  for (const std::int64_t token : replacing.first) {
    const std::string text = tokenizer().decode({token});
    EXPECT_TRUE(text.starts_with(' ') && is_valid_identifier(text.substr(1), Language::c)) << text;
  }
}

TEST(TriggerAlphabetTest, DoesWithoutWordStartsWhereTheVocabularyHasNone) {
  const Tokenizer bytes = Tokenizer::train({"ab"}, {.vocab_size = 262, .min_frequency = 2});
  const TriggerAlphabet alphabet =
      trigger_alphabet(bytes, NameUse::continues_name, {Language::c}, NameEdit::replace);
  EXPECT_EQ(alphabet.first, name_vocabulary(bytes, NameUse::is_name, {Language::c}));
  EXPECT_EQ(alphabet.first.size(), 53U) << "letters and the underscore";
}

}  // namespace
}  // namespace ncmlab
