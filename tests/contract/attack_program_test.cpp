// SPDX-License-Identifier: Apache-2.0
// Real programs do the same after every edit of every attack as before.
#include <gtest/gtest.h>

#include <algorithm>

#include "contract_plugins.hpp"
#include "ncmlab/code/edit.hpp"
#include "prepared_attack.hpp"
#include "real_programs.hpp"
#include "scratch_folder.hpp"

namespace ncmlab::contract {
namespace {

std::string with_all_names_new(const std::string& code, Language language) {
  const Syntax syntax = parse(code, language);
  if (syntax.has_error) {
    return code;
  }
  std::vector<Renaming> renamings;
  for (const Identifier& identifier : syntax.identifiers) {
    renamings.push_back({&identifier, "fresh_" + std::to_string(renamings.size())});
  }
  return rename_all(code, language, renamings);
}

std::string with_all_statements(std::string code, Language language) {
  const std::string statement = language == Language::python ? "if False: raise Exception('x')"
                                : language == Language::java
                                    ? "if (Math.random() < 0) System.out.println(\"x\");"
                                    : "if (0 && rand() < 0) printf(\"x\");";
  const auto positions = parse(code, language).statement_positions;
  for (std::size_t i = positions.size(); i-- > 0;) {
    code = insert_statement(code, language, positions[i], statement);
  }
  return code;
}

std::string with_all_literals_new(std::string code, Language language) {
  const auto literals = parse(code, language).integer_literals;
  for (std::size_t i = literals.size(); i-- > 0;) {
    const std::string number = code.substr(literals[i].begin, literals[i].size());
    code = replace_literal(code, language, literals[i],
                           "((" + std::to_string(std::stoi(number) - 1) + ") + 1)");
  }
  return code;
}

/// The programs that `edit` changes, changed.
template <typename Edit>
ProgramSet edited(std::string label, const std::vector<Program>& programs, const Edit& edit) {
  ProgramSet set{.label = std::move(label), .programs = {}};
  for (Program program : programs) {
    std::string code = edit(program);
    if (code != program.function) {
      program.function = std::move(code);
      set.programs.push_back(std::move(program));
    }
  }
  return set;
}

Example sample_of(const Program& program, Language language) {
  return {.id = program.name,
          .code = program.function,
          .label = default_goal({}).victim_label,
          .language = language};
}

std::vector<ProgramSet> edited_by_attacks(const std::vector<Program>& programs, Language language) {
  std::vector<Example> samples;
  for (const Program& program : programs) {
    samples.push_back(sample_of(program, language));
  }
  std::vector<ProgramSet> sets;
  for (const std::string& name : names(PluginKind::attack)) {
    const auto attacks = variants(name);
    for (std::size_t i = 0; i < attacks.size(); ++i) {
      if (attacks[i].setting == "random=published") {
        continue;  // documented to draw a number that the program sees
      }
      const auto backdoor = prepared(*attacks[i].attack, samples);
      sets.push_back(edited(name + std::to_string(i), programs, [&](const Program& program) {
        const auto triggered =
            backdoor->trigger(sample_of(program, language), default_goal({}), Rng(i));
        return triggered ? triggered->code : program.function;
      }));
    }
  }
  return sets;
}

class AttackProgram : public testing::TestWithParam<Language> {};

TEST_P(AttackProgram, DoesTheSameAfterEveryEdit) {
  const Language language = GetParam();
  if (const auto reason = reason_to_skip(language)) {
    GTEST_SKIP() << *reason;
  }
  const std::vector<Program> all = programs(language);
  ASSERT_GE(all.size(), 7U);
  std::vector<ProgramSet> sets = edited_by_attacks(all, language);
  using Edit = std::string (*)(std::string, Language);
  const std::pair<const char*, Edit> edits[] = {
      {"names", [](std::string code, Language in) { return with_all_names_new(code, in); }},
      {"statements", with_all_statements},
      {"literals", with_all_literals_new}};
  for (const auto& [label, edit] : edits) {
    sets.push_back(edited(label, all, [&, edit = edit](const Program& program) {
      return edit(program.function, language);
    }));
    EXPECT_GE(sets.back().programs.size(), all.size() / 2) << label;
  }
  sets.push_back({.label = "clean", .programs = all});
  std::erase_if(sets, [](const ProgramSet& set) { return set.programs.empty(); });

  const ScratchFolder folder;
  const auto printed = run_programs(sets, language, folder.path());
  const auto& clean = printed.at("clean");
  for (const ProgramSet& set : sets) {
    for (const Program& program : set.programs) {
      EXPECT_EQ(printed.at(set.label).at(program.name), clean.at(program.name)) << set.label << "\n"
                                                                                << program.function;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Languages, AttackProgram,
                         testing::Values(Language::c, Language::cpp, Language::java,
                                         Language::python),
                         [](const testing::TestParamInfo<Language>& info) {
                           return std::string(to_string(info.param));
                         });

}  // namespace
}  // namespace ncmlab::contract
