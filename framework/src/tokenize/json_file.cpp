// SPDX-License-Identifier: Apache-2.0
#include "tokenize/json_file.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_set>

#include "ncmlab/core/files.hpp"

namespace ncmlab::bpe {
namespace {

using nlohmann::json;

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kLongestShownLine = 200;

/// Walks over a text and tells how far it came.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* count) : at_(at), count_(count) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*count_;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::size_t* count_;
};

/// Stops at the value at a path and keeps the place where it ends.
class Locator : public nlohmann::json_sax<json> {
 public:
  Locator(const JsonPath& path, const std::size_t& read) : path_(path), read_(read) {}

  std::optional<std::size_t> end() const { return end_; }

  bool null() override { return value(0); }
  bool boolean(bool) override { return value(0); }
  // The reader is one character past a number when it reports it.
  bool number_integer(std::int64_t) override { return value(1); }
  bool number_unsigned(std::uint64_t) override { return value(1); }
  bool number_float(double, const std::string&) override { return value(1); }
  bool string(std::string&) override { return value(0); }
  bool binary(json::binary_t&) override { return value(0); }
  bool start_object(std::size_t) override { return open({false, 0, {}}); }
  bool start_array(std::size_t) override { return open({true, 0, {}}); }
  bool key(std::string& name) override {
    frames_.back().key = name;
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  struct Frame {
    bool is_array;
    std::size_t index;
    std::string key;
    bool is_at(const std::string& step) const {
      return is_array ? std::to_string(index) == step : key == step;
    }
  };

  bool value(std::size_t read_ahead) {
    const bool found =
        frames_.size() == path_.size() &&
        std::equal(frames_.begin(), frames_.end(), path_.begin(),
                   [](const Frame& frame, const std::string& step) { return frame.is_at(step); });
    if (found) {
      end_ = read_ - read_ahead;
    } else if (!frames_.empty()) {
      ++frames_.back().index;
    }
    return !found;
  }
  bool open(Frame frame) {
    const bool go_on = value(0);
    if (go_on) {
      if (!frames_.empty()) {
        --frames_.back().index;
      }
      frames_.push_back(std::move(frame));
    }
    return go_on;
  }
  bool close() {
    frames_.pop_back();
    if (!frames_.empty()) {
      ++frames_.back().index;
    }
    return true;
  }

  const JsonPath& path_;
  const std::size_t& read_;
  std::vector<Frame> frames_;
  std::optional<std::size_t> end_;
};

/// The first byte of the JSON scalar that ends before byte `end`.
std::size_t scalar_begin(std::string_view text, std::size_t end) {
  std::size_t begin = end - 1;
  if (text[begin] == '"') {
    while (begin > 0) {
      --begin;
      const std::size_t escapes_end = begin;
      std::size_t escapes_begin = begin;
      while (escapes_begin > 0 && text[escapes_begin - 1] == '\\') {
        --escapes_begin;
      }
      if (text[begin] == '"' && (escapes_end - escapes_begin) % 2 == 0) {
        break;
      }
    }
    return begin;
  }
  constexpr std::string_view kScalar = "+-.0123456789abcdefghijklmnopqrstuvwxyzE";
  while (begin > 0 && kScalar.find(text[begin]) != std::string_view::npos &&
         kScalar.find(text[begin - 1]) != std::string_view::npos) {
    --begin;
  }
  return begin;
}

int code_points(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

/// "... parse error at line 1, column 2: what" without what Diagnostic says better.
std::string plain_reason(const std::string& what) {
  const std::size_t colon = what.find(": ");
  return colon == std::string::npos ? what : what.substr(colon + 2);
}

}  // namespace

Span span_in(const std::filesystem::path& file, std::string_view text, std::size_t begin,
             std::size_t end) {
  begin = std::min(begin, text.size());
  const std::string_view before = text.substr(0, begin);
  const std::size_t newline = before.rfind('\n');
  const std::size_t line_begin = newline == std::string_view::npos ? 0 : newline + 1;
  const std::string_view line = text.substr(line_begin, text.find('\n', begin) - line_begin);
  Span span;
  span.file = file.string();
  span.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  span.column = 1 + code_points(before.substr(line_begin));
  span.length = std::max(1, code_points(text.substr(begin, std::max(end, begin) - begin)));
  if (line.size() <= kLongestShownLine) {
    span.source_line = line;
  }
  return span;
}

JsonFile::JsonFile(std::filesystem::path path) : path_(std::move(path)), text_(read_file(path_)) {
  std::size_t read = 0;
  std::vector<std::unordered_set<std::string>> open;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (static_cast<std::size_t>(depth) > kDeepest) {
      fail_at_byte(read - 1, read, "tokenizer.bad-json", "more than 64 levels of nesting", {});
    }
    if (event == json::parse_event_t::object_start) {
      open.emplace_back();
    } else if (event == json::parse_event_t::object_end) {
      open.pop_back();
    } else if (event == json::parse_event_t::key &&
               !open.back().insert(parsed.get<std::string>()).second) {
      fail_at_byte(scalar_begin(text_, read), read, "tokenizer.bad-json",
                   "the key `" + parsed.get<std::string>() + "` occurs twice in one object",
                   {"remove one of the two"});
    }
    return true;
  };
  const char* begin = text_.data();
  try {
    root_ = json::parse(CountingIterator(begin, &read),
                        CountingIterator(begin + text_.size(), &read), watch);
  } catch (const json::exception& error) {
    const std::size_t at = read > 0 ? read - 1 : 0;
    fail_at_byte(at, at + 1, "tokenizer.bad-json", "no valid JSON: " + plain_reason(error.what()),
                 {"copy the file again: it may have been cut off or changed"});
  }
  if (!root_.is_object()) {
    fail_at_byte(0, 1, "tokenizer.bad-json",
                 std::string("expected a JSON object, found ") + root_.type_name(), {});
  }
}

void JsonFile::fail(const JsonPath& at, const std::string& code, const std::string& message,
                    std::vector<std::string> help) const {
  std::size_t read = 0;
  Locator locator(at, read);
  const char* begin = text_.data();
  json::sax_parse(CountingIterator(begin, &read), CountingIterator(begin + text_.size(), &read),
                  &locator);
  const std::size_t end = locator.end().value_or(1);
  fail_at_byte(scalar_begin(text_, end), end, code, message, std::move(help));
}

void JsonFile::fail_at_byte(std::size_t begin, std::size_t end, const std::string& code,
                            const std::string& message, std::vector<std::string> help) const {
  Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.message = message;
  diagnostic.span = span_in(path_, text_, begin, end);
  diagnostic.help = std::move(help);
  throw Error(std::move(diagnostic));
}

std::optional<JsonValue> JsonValue::find(const std::string& key) const {
  if (!value_->is_object()) {
    fail_type("an object");
  }
  const auto member = value_->find(key);
  if (member == value_->end() || member->is_null()) {
    return std::nullopt;
  }
  JsonPath path = path_;
  path.push_back(key);
  return JsonValue(*file_, *member, std::move(path));
}

JsonValue JsonValue::at(const std::string& key) const {
  std::optional<JsonValue> member = find(key);
  if (!member) {
    fail("tokenizer.missing-field", name() + " has no `" + key + "`");
  }
  return *std::move(member);
}

std::vector<JsonValue> JsonValue::elements() const {
  if (!value_->is_array()) {
    fail_type("an array");
  }
  std::vector<JsonValue> result;
  for (std::size_t i = 0; i < value_->size(); ++i) {
    JsonPath path = path_;
    path.push_back(std::to_string(i));
    result.push_back(JsonValue(*file_, (*value_)[i], std::move(path)));
  }
  return result;
}

std::string JsonValue::text() const {
  if (!value_->is_string()) {
    fail_type("a string");
  }
  return value_->get<std::string>();
}

std::string JsonValue::text_or(const std::string& key, const std::string& fallback) const {
  const std::optional<JsonValue> member = find(key);
  return member ? member->text() : fallback;
}

bool JsonValue::flag_or(const std::string& key, bool fallback) const {
  const std::optional<JsonValue> member = find(key);
  if (member && !member->value_->is_boolean()) {
    member->fail_type("true or false");
  }
  return member ? member->value_->get<bool>() : fallback;
}

std::int64_t JsonValue::integer() const {
  if (!value_->is_number_integer()) {
    fail_type("an integer");
  }
  return value_->get<std::int64_t>();
}

void JsonValue::fail_type(const std::string& expected) const {
  fail("tokenizer.bad-field", name() + " should be " + expected + ", found " + value_->type_name());
}

}  // namespace ncmlab::bpe
