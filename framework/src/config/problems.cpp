// SPDX-License-Identifier: Apache-2.0
#include "config/problems.hpp"

#include <algorithm>
#include <tuple>

namespace ncmlab::config {
namespace {

constexpr std::size_t kMostReported = 20;

int code_points(std::string_view text) {
  return static_cast<int>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

std::pair<int, int> position(const Diagnostic& diagnostic) {
  const Span span = diagnostic.span.value_or(Span{});
  return {span.line, span.column};
}

}  // namespace

Problems::Problems(std::string file, std::string_view text) : file_(std::move(file)) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
    }
    lines_.emplace_back(line);
  }
}

Span Problems::span(const toml::source_region& place) const {
  Span span{.file = file_,
            .line = static_cast<int>(place.begin.line),
            .column = static_cast<int>(place.begin.column)};
  if (span.line < 1 || static_cast<std::size_t>(span.line) > lines_.size()) {
    return span;
  }
  span.source_line = lines_[static_cast<std::size_t>(span.line) - 1];
  const int rest = code_points(span.source_line) - span.column + 1;
  const int wanted =
      place.end.line == place.begin.line ? static_cast<int>(place.end.column) - span.column : rest;
  span.length = std::max(1, std::min(wanted, rest));
  return span;
}

Diagnostic& Problems::add(std::string code, std::string message, const toml::source_region& place) {
  return found_.emplace_back(
      Diagnostic{.code = std::move(code), .message = std::move(message), .span = span(place)});
}

Diagnostic& Problems::add(std::string code, std::string message, Span place) {
  return found_.emplace_back(
      Diagnostic{.code = std::move(code), .message = std::move(message), .span = std::move(place)});
}

Diagnostic& Problems::add(std::string code, std::string message) {
  return found_.emplace_back(Diagnostic{
      .code = std::move(code), .message = std::move(message), .span = Span{.file = file_}});
}

void Problems::add(Diagnostic problem) { found_.push_back(std::move(problem)); }

void Problems::throw_if_any() {
  if (found_.empty()) {
    return;
  }
  std::stable_sort(found_.begin(), found_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return position(a) < position(b);
  });
  if (found_.size() > kMostReported) {
    const std::size_t more = found_.size() - kMostReported;
    found_.resize(kMostReported);
    found_.back().notes.push_back(std::to_string(more) + " more problems are not shown");
  }
  throw Error(std::move(found_));
}

std::vector<Item> items_of(const toml::table& table) {
  std::vector<Item> items;
  for (auto&& [key, value] : table) {
    items.push_back({&key, &value});
  }
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    const auto& left = a.key->source().begin;
    const auto& right = b.key->source().begin;
    return std::tie(left.line, left.column) < std::tie(right.line, right.column);
  });
  return items;
}

}  // namespace ncmlab::config
