// SPDX-License-Identifier: Apache-2.0
// What every edit of every attack must leave true, on real and generated functions.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "contract_plugins.hpp"
#include "ncmlab/code/edit.hpp"
#include "ncmlab/code/lexemes.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/sequence_diff.hpp"
#include "prepared_attack.hpp"
#include "real_functions.hpp"

namespace ncmlab::contract {
namespace {

using Names = std::map<std::pair<std::string, IdentifierKind>, std::size_t>;

Names names_of(const Syntax& syntax) {
  Names names;
  for (const Identifier& identifier : syntax.identifiers) {
    names[{identifier.name, identifier.kind}] = identifier.occurrences.size();
  }
  return names;
}

std::ptrdiff_t count_lexeme(std::string_view source, std::string_view lexeme) {
  const auto all = lexemes(source);
  return std::count(all.begin(), all.end(), lexeme);
}

/// Names that went took their places along to a new name, and all others stand where they stood.
void check_names(const Syntax& before, const Syntax& after, const Example& clean,
                 const std::string& edited) {
  const Names old_names = names_of(before), new_names = names_of(after);
  // What the function's own name and `self` are called decides what is told of other names.
  const auto is_touched = [&](const std::string& name) {
    return count_lexeme(clean.code, name) != count_lexeme(edited, name);
  };
  std::multiset<std::pair<IdentifierKind, std::size_t>> fresh;
  for (const auto& [name, places] : new_names) {
    const auto old = old_names.find(name);
    if (old != old_names.end()) {
      const bool is_kept = places == old->second || !is_touched(name.first);
      EXPECT_TRUE(is_kept) << name.first << "\n" << edited;
      continue;
    }
    // A name that lost one of its two meanings may be told of in the other.
    const bool lost_places =
        count_lexeme(edited, name.first) < count_lexeme(clean.code, name.first);
    if (!is_touched(name.first) || lost_places) {
      continue;
    }
    fresh.emplace(name.second, places);
    EXPECT_TRUE(is_valid_identifier(name.first, clean.language)) << name.first;
    EXPECT_FALSE(uses_word(clean.code, name.first)) << name.first << "\n" << clean.code;
  }
  for (const auto& [name, places] : old_names) {
    if (!new_names.contains(name) && is_touched(name.first)) {
      const auto renamed = fresh.find({name.second, places});
      ASSERT_NE(renamed, fresh.end()) << name.first << "\n" << clean.code << "\n" << edited;
      fresh.erase(renamed);
    }
  }
}

/// An edit replaces names by names, place by place, or it adds: then it takes at most one word away
/// at each place.
void check_extent(const Example& clean, const std::string& edited) {
  const auto before = lexemes(clean.code), after = lexemes(edited);
  if (before.size() == after.size()) {
    // C that is read as C++ may call a variable `xor`.
    const Language written = clean.language == Language::cpp ? Language::c : clean.language;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const bool is_kept = before[i] == after[i] || (is_valid_identifier(before[i], written) &&
                                                     is_valid_identifier(after[i], clean.language));
      EXPECT_TRUE(is_kept) << before[i] << " -> " << after[i] << "\n" << clean.code;
    }
    return;
  }
  for (const DiffHunk& hunk : diff(before, after)) {
    EXPECT_LE(hunk.removed(), 1U) << clean.code << "\n" << edited;
    EXPECT_LE(hunk.removed(), hunk.added()) << clean.code << "\n" << edited;
  }
}

void check_edit(const Example& clean, const Example& edited) {
  EXPECT_EQ(edited.id, clean.id);
  EXPECT_EQ(edited.label, clean.label);
  EXPECT_EQ(edited.other_code, clean.other_code);
  EXPECT_EQ(edited.query, clean.query);
  EXPECT_EQ(edited.language, clean.language);
  const Syntax before = parse(clean.code, clean.language);
  const Syntax after = parse(edited.code, edited.language);
  ASSERT_TRUE(!after.has_error || before.has_error) << clean.code << "\n" << edited.code;
  check_names(before, after, clean, edited.code);
  check_extent(clean, edited.code);
}

/// Each variant of the attack edits every so many-th function.
std::size_t check_all(const std::string& name, const std::vector<Example>& functions) {
  std::vector<std::unique_ptr<Backdoor>> backdoors;
  const auto attacks = variants(name);
  for (const AttackVariant& variant : attacks) {
    backdoors.push_back(prepared(*variant.attack, functions));
  }
  std::size_t edits = 0;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const auto& backdoor = backdoors[i % backdoors.size()];
    const auto edited = backdoor->trigger(functions[i], default_goal({}), Rng(i));
    if (edited) {
      ++edits;
      check_edit(functions[i], *edited);
    }
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << name << ", variant " << i % backdoors.size() << ", function "
                    << functions[i].id;
      break;
    }
  }
  return edits;
}

class AttackProperty : public testing::TestWithParam<std::string> {
 protected:
  /// Of `functions`, a third at least can carry the trigger of an attack that has one.
  void check(const std::vector<Example>& functions) const {
    const bool has_trigger = create<Attack>(PluginKind::attack, GetParam())->has_trigger();
    const std::size_t edits = check_all(GetParam(), functions);
    EXPECT_GE(edits, has_trigger ? functions.size() / 3 : 0);
  }
};

TEST_P(AttackProperty, HoldsOnFunctionsOfDevign) {
  const auto file = real_data() / "devign" / "test.jsonl";
  NCMLAB_NEEDS(file);
  check(real_functions(file, "func", Language::c, 1000));
}

TEST_P(AttackProperty, HoldsOnFunctionsOfBigCloneBench) {
  const auto file = real_data() / "bigclonebench" / "data.jsonl";
  NCMLAB_NEEDS(file);
  check(real_functions(file, "func", Language::java, 1000));
}

TEST_P(AttackProperty, HoldsOnFunctionsOfCodeSearchNet) {
  const auto file = real_data() / "codesearchnet" / "python" / "train.jsonl";
  NCMLAB_NEEDS(file);
  check(real_functions(file, "code", Language::python, 1500));
}

TEST_P(AttackProperty, HoldsOnCAsCpp) {
  const auto file = real_data() / "devign" / "test.jsonl";
  NCMLAB_NEEDS(file);
  check_all(GetParam(), real_functions(file, "func", Language::cpp, 500));
}

TEST_P(AttackProperty, HoldsOnGeneratedFunctions) {
  for (const std::string& task : names(PluginKind::task)) {
    const Corpus corpus = create<Task>(PluginKind::task, task)->load(Rng(1));
    check_all(GetParam(), corpus.train);
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, AttackProperty, testing::ValuesIn(names(PluginKind::attack)),
                         test_name);

}  // namespace
}  // namespace ncmlab::contract
