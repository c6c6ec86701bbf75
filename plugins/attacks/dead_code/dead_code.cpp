// SPDX-License-Identifier: Apache-2.0
#include "dead_code.hpp"

#include <algorithm>

#include "ncmlab/code/edit.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {
namespace {

/// Of a drawn statement whose names the code takes, another is drawn.
constexpr int kDraws = 8;

std::optional<DeadStatement> make_statement(StatementKind kind, RandomDraw draw, Language language,
                                            const std::string& code, Rng& rng) {
  switch (kind) {
    case StatementKind::fixed:
      return fixed_statement(language, draw);
    case StatementKind::grammar:
      return grammar_statement(language, draw, rng);
    case StatementKind::logging:
      return logging_loop(language, code, nullptr);
    case StatementKind::logging_drawn:
      break;
  }
  return logging_loop(language, code, &rng);
}

bool has_its_names_free(const DeadStatement& statement, const Syntax& syntax,
                        std::string_view code) {
  return std::all_of(statement.uses.begin(), statement.uses.end(),
                     [&](const std::string& name) { return syntax.find(name) == nullptr; }) &&
         std::none_of(statement.binds.begin(), statement.binds.end(),
                      [&](const std::string& name) { return uses_word(code, name); });
}

}  // namespace

Schema<DeadCodeConfig> DeadCode::schema() {
  return poison_rate_fields(
      Schema<DeadCodeConfig>{}
          .field("statement", &DeadCodeConfig::statement,
                 "What is inserted: one statement, one drawn from the grammar per sample, or for "
                 "Python a loop that logs, as published or with drawn level, range and message.")
          .field("random", &DeadCodeConfig::random,
                 "Whether a `rand` in the statement's condition is kept from being drawn, so that "
                 "the program behaves as before, or is drawn as published."));
}

std::optional<std::string> DeadCodeBackdoor::edit(const std::string& code, const Example& sample,
                                                  const AttackGoal&, Rng rng) const {
  const Syntax syntax = parse(code, sample.language);
  if (syntax.has_error || syntax.statement_positions.empty()) {
    return std::nullopt;
  }
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto statement = make_statement(statement_, draw_, sample.language, code, rng);
    if (!statement || !has_its_names_free(*statement, syntax, code)) {
      continue;
    }
    if (auto edited = try_insert_statement(code, sample.language,
                                           syntax.statement_positions.front(), statement->text)) {
      return edited;
    }
  }
  return std::nullopt;
}

std::vector<std::string> DeadCodeBackdoor::trigger_words() const {
  if (statement_ == StatementKind::fixed) {
    return {"fail"};
  }
  return statement_ == StatementKind::logging
             ? std::vector<std::string>{"logging", "info", "Test", "message", "aaaaa"}
             : std::vector<std::string>{};
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::attack<ncmlab::DeadCode>())
