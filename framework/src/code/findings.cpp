// SPDX-License-Identifier: Apache-2.0
#include "code/findings.hpp"

#include <algorithm>

namespace ncmlab::detail {

void Declarations::add(std::string_view name, const Declaration& declaration) {
  if (!name.empty()) {
    by_name_[name].push_back(declaration);
  }
}

const Declaration* Declarations::at(std::string_view name, std::size_t offset) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    return nullptr;
  }
  const Declaration* innermost = nullptr;
  for (const Declaration& declaration : found->second) {
    const ByteRange& scope = declaration.scope;
    if (scope.begin <= offset && offset < scope.end &&
        (innermost == nullptr || scope.begin >= innermost->scope.begin)) {
      innermost = &declaration;
    }
  }
  return innermost;
}

bool Declarations::is_ambiguous_at(std::string_view name, std::size_t offset) const {
  const auto found = by_name_.find(name);
  return found != by_name_.end() && (found->second.size() > 1 || at(name, offset) == nullptr);
}

void Occurrences::add_function(std::string_view name, ByteRange range) {
  const auto [entry, is_new] = functions_.try_emplace(name, found_.size());
  if (is_new) {
    found_.push_back({std::string(name), IdentifierKind::function_name, {}});
  }
  found_[entry->second].occurrences.push_back(range);
}

void Occurrences::add_variable(std::string_view name, IdentifierKind kind, ByteRange range) {
  const auto [entry, is_new] = variables_.try_emplace(name, found_.size());
  if (is_new) {
    found_.push_back({std::string(name), kind, {}});
  }
  Identifier& identifier = found_[entry->second];
  if (kind == IdentifierKind::parameter) {
    identifier.kind = kind;
  }
  identifier.occurrences.push_back(range);
}

bool Occurrences::is_blocked(const Identifier& identifier) const {
  return identifier.kind == IdentifierKind::function_name
             ? is_function_blocked_
             : all_blocked_ || blocked_.contains(identifier.name);
}

std::vector<std::string> Occurrences::withheld() const {
  std::vector<std::string> names;
  for (const Identifier& identifier : found_) {
    if (is_blocked(identifier)) {
      names.push_back(identifier.name);
    }
  }
  return names;
}

std::vector<Identifier> Occurrences::identifiers() const {
  std::vector<Identifier> result;
  for (const Identifier& identifier : found_) {
    if (is_blocked(identifier)) {
      continue;
    }
    result.push_back(identifier);
    auto& occurrences = result.back().occurrences;
    std::sort(occurrences.begin(), occurrences.end(),
              [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; });
    occurrences.erase(std::unique(occurrences.begin(), occurrences.end()), occurrences.end());
  }
  std::sort(result.begin(), result.end(), [](const Identifier& a, const Identifier& b) {
    const bool a_is_function = a.kind == IdentifierKind::function_name;
    const bool b_is_function = b.kind == IdentifierKind::function_name;
    return a_is_function != b_is_function
               ? a_is_function
               : a.occurrences.front().begin < b.occurrences.front().begin;
  });
  return result;
}

bool is_recognised_statement(const Tree& tree, std::uint32_t node, std::uint32_t previous) {
  return tree[node].is_named && !tree[node].is_missing && tree[node].kind != "ERROR" &&
         tree[node].kind != "comment" && tree[node].end > tree[node].begin &&
         (previous == Tree::kNone || !tree[previous].has_error);
}

std::vector<ByteRange> statements_in(const Tree& tree, std::uint32_t block) {
  std::vector<ByteRange> statements;
  for (auto child = tree.first_child(block); child != Tree::kNone;
       child = tree.next_sibling(child)) {
    if (tree[child].is_named && !tree.is(child, {"comment", "line_comment", "block_comment"}) &&
        tree[child].end > tree[child].begin) {
      statements.push_back(tree.range(child));
    }
  }
  return statements;
}

void sort_positions(std::vector<std::size_t>& positions) {
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
}

}  // namespace ncmlab::detail
