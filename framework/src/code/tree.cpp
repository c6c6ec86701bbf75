// SPDX-License-Identifier: Apache-2.0
#include "code/tree.hpp"

#include <tree_sitter/api.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "ncmlab/core/diagnostic.hpp"

extern "C" {
const TSLanguage* tree_sitter_c(void);
const TSLanguage* tree_sitter_cpp(void);
const TSLanguage* tree_sitter_java(void);
const TSLanguage* tree_sitter_python(void);
}

namespace ncmlab::detail {
namespace {

constexpr std::size_t kMissingTokenCost = 2;

const TSLanguage* grammar(Language language) {
  switch (language) {
    case Language::c:
      return tree_sitter_c();
    case Language::cpp:
      return tree_sitter_cpp();
    case Language::java:
      return tree_sitter_java();
    case Language::python:
      return tree_sitter_python();
  }
  return nullptr;
}

using ParserHandle = std::unique_ptr<TSParser, decltype(&ts_parser_delete)>;
using TreeHandle = std::unique_ptr<TSTree, decltype(&ts_tree_delete)>;

/// Each thread has its own parser per language: a TSParser must not be shared.
TSParser* parser_of_this_thread(Language language) {
  thread_local std::array<ParserHandle, 4> parsers{
      ParserHandle(nullptr, ts_parser_delete), ParserHandle(nullptr, ts_parser_delete),
      ParserHandle(nullptr, ts_parser_delete), ParserHandle(nullptr, ts_parser_delete)};
  ParserHandle& parser = parsers.at(static_cast<std::size_t>(language));
  if (parser == nullptr) {
    parser.reset(ts_parser_new());
    if (!ts_parser_set_language(parser.get(), grammar(language))) {
      parser.reset();
      throw Error("code.grammar",
                  "the grammar of `" + std::string(to_string(language)) +
                      "` does not fit the installed tree-sitter library",
                  {"install the grammar versions that package-lock.json pins"});
    }
  }
  return parser.get();
}

class Cursor {
 public:
  explicit Cursor(TSNode node) : cursor_(ts_tree_cursor_new(node)) {}
  ~Cursor() { ts_tree_cursor_delete(&cursor_); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  TSTreeCursor* get() { return &cursor_; }

 private:
  TSTreeCursor cursor_;
};

}  // namespace

Tree::Tree(std::string_view source, Language language, std::string_view prefix,
           std::string_view suffix)
    : source_(source) {
  if (source.size() > std::numeric_limits<std::uint32_t>::max() / 2) {
    throw Error("code.too-long", "expected source code of at most 2 GiB, found " +
                                     std::to_string(source.size()) + " bytes");
  }
  std::string wrapped;
  std::string_view input = source;
  if (!prefix.empty() || !suffix.empty()) {
    wrapped.append(prefix).append(source).append(suffix);
    input = wrapped;
  }
  const TreeHandle tree(
      ts_parser_parse_string(parser_of_this_thread(language), nullptr, input.data(),
                             static_cast<std::uint32_t>(input.size())),
      ts_tree_delete);
  const auto shift = static_cast<std::uint32_t>(prefix.size());
  const auto limit = static_cast<std::uint32_t>(source.size());
  const auto clamp = [&](std::uint32_t offset) {
    return std::min(offset > shift ? offset - shift : 0, limit);
  };

  nodes_.reserve(input.size() / 2 + 8);
  Cursor cursor(ts_tree_root_node(tree.get()));
  std::uint32_t parent = 0;
  std::uint32_t error_end = 0;
  while (true) {
    const TSNode raw = ts_tree_cursor_current_node(cursor.get());
    const char* field = ts_tree_cursor_current_field_name(cursor.get());
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    Node node;
    node.kind = ts_node_type(raw);
    node.field = field == nullptr ? std::string_view() : std::string_view(field);
    node.begin = clamp(ts_node_start_byte(raw));
    node.end = clamp(ts_node_end_byte(raw));
    node.parent = parent;
    node.is_named = ts_node_is_named(raw);
    node.is_missing = ts_node_is_missing(raw);
    node.has_error = ts_node_has_error(raw);
    if (node.is_missing) {
      error_cost_ += kMissingTokenCost;
    } else if (node.kind == "ERROR" && (node.begin >= error_end || nodes_.empty())) {
      error_cost_ += 1 + node.end - node.begin;
      error_end = node.end;
    }
    nodes_.push_back(node);
    if (ts_tree_cursor_goto_first_child(cursor.get())) {
      parent = index;
      continue;
    }
    nodes_[index].subtree_end = index + 1;
    while (!ts_tree_cursor_goto_next_sibling(cursor.get())) {
      if (!ts_tree_cursor_goto_parent(cursor.get())) {
        return;
      }
      nodes_[parent].subtree_end = static_cast<std::uint32_t>(nodes_.size());
      parent = nodes_[parent].parent;
    }
  }
}

std::string_view Tree::text(std::uint32_t index) const {
  const Node& node = nodes_[index];
  return source_.substr(node.begin, node.end - node.begin);
}

std::uint32_t Tree::first_child(std::uint32_t index) const {
  return nodes_[index].subtree_end > index + 1 ? index + 1 : kNone;
}

std::uint32_t Tree::next_sibling(std::uint32_t index) const {
  const std::uint32_t next = nodes_[index].subtree_end;
  return index != 0 && next < nodes_[nodes_[index].parent].subtree_end ? next : kNone;
}

std::uint32_t Tree::child_by_field(std::uint32_t index, std::string_view field) const {
  for (auto child = first_child(index); child != kNone; child = next_sibling(child)) {
    if (nodes_[child].field == field) {
      return child;
    }
  }
  return kNone;
}

std::uint32_t Tree::ancestor(std::uint32_t index, std::initializer_list<std::string_view> kinds,
                             std::uint32_t top) const {
  while (index > top) {
    index = nodes_[index].parent;
    if (index < top) {
      break;
    }
    if (is(index, kinds)) {
      return index;
    }
  }
  return kNone;
}

bool Tree::is(std::uint32_t index, std::initializer_list<std::string_view> kinds) const {
  return std::find(kinds.begin(), kinds.end(), nodes_[index].kind) != kinds.end();
}

}  // namespace ncmlab::detail
