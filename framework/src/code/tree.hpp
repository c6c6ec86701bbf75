// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab::detail {

/// One node of a concrete syntax tree. Offsets are bytes of the source, clamped to it.
struct Node {
  std::string_view kind;
  std::string_view field;  ///< the node's role in its parent, empty if it has none
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t parent = 0;       ///< the root is its own parent
  std::uint32_t subtree_end = 0;  ///< index after the last descendant
  bool is_named = false;
  bool is_missing = false;
  bool has_error = false;
};

/// A tree-sitter tree, flattened in preorder: node 0 is the root, the descendants of node `i` are
/// the nodes i + 1 .. subtree_end - 1. Needs no recursion, so deep nesting costs no stack.
class Tree {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// Parses `prefix` + `source` + `suffix`; offsets refer to `source`, which must outlive the tree.
  Tree(std::string_view source, Language language, std::string_view prefix = {},
       std::string_view suffix = {});

  const Node& operator[](std::uint32_t index) const { return nodes_[index]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }
  std::string_view text(std::uint32_t index) const;
  ByteRange range(std::uint32_t index) const { return {nodes_[index].begin, nodes_[index].end}; }

  /// kNone at the end.
  std::uint32_t first_child(std::uint32_t index) const;
  std::uint32_t next_sibling(std::uint32_t index) const;
  std::uint32_t child_by_field(std::uint32_t index, std::string_view field) const;
  /// The nearest ancestor of one of `kinds`, kNone if there is none below `top`.
  std::uint32_t ancestor(std::uint32_t index, std::initializer_list<std::string_view> kinds,
                         std::uint32_t top = 0) const;
  bool is(std::uint32_t index, std::initializer_list<std::string_view> kinds) const;

  /// 0 for a parse without error; grows with the bytes inside ERROR nodes and the missing tokens.
  std::size_t error_cost() const { return error_cost_; }

 private:
  std::string_view source_;
  std::vector<Node> nodes_;
  std::size_t error_cost_ = 0;
};

}  // namespace ncmlab::detail
