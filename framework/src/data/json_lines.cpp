// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/json_lines.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string_view>

#include "core/open_file.hpp"
#include "data/gzip_buffer.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/json_depth.hpp"
#include "ncmlab/core/wording.hpp"

namespace ncmlab {
namespace {

constexpr const char* kBlanks = " \t\r";
/// Source lines longer than this are not repeated in a message.
constexpr std::size_t kLongestQuote = 160;

/// Length of the well-formed UTF-8 sequence that starts at `at` (Unicode 15, table 3-7), or 0.
std::size_t utf8_sequence(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(at), second = byte(at + 1);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return continues(at + 1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second > 0x9F;
    return continues(at + 1) && continues(at + 2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && second < 0x90;
    const bool too_large = first == 0xF4 && second > 0x8F;
    return continues(at + 1) && continues(at + 2) && continues(at + 3) && !overlong && !too_large
               ? 4
               : 0;
  }
  return 0;
}

/// Offset of the first byte that is not UTF-8, or nothing.
std::optional<std::size_t> first_invalid_byte(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence(text, at);
    if (length == 0) {
      return at;
    }
    at += length;
  }
  return std::nullopt;
}

int column_of(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto continuation = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  return 1 +
         static_cast<int>(std::ranges::count_if(before, [&](char c) { return !continuation(c); }));
}

/// How to go on with a file in UTF-16; empty if it is not.
std::string utf16_hint(std::string_view text) {
  const bool is_utf16 =
      text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") || text.find('\0') <= 1;
  return is_utf16 ? "the file looks like UTF-16: convert it with `iconv -f UTF-16 -t UTF-8`" : "";
}

/// How to go on with a line that holds no JSON object.
std::string hint_for(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  const std::size_t last = text.find_last_not_of(kBlanks);
  const std::string_view trimmed =
      first == std::string_view::npos ? "" : text.substr(first, last - first + 1);
  if (std::string utf16 = utf16_hint(text); !utf16.empty()) {
    return utf16;
  }
  if (text.find('\0') != std::string_view::npos) {
    return "the line holds a byte 0: remove it, or write `\\u0000`";
  }
  if (trimmed.starts_with('[')) {
    return "the file looks like one JSON array: write its objects one a line, for example with "
           "`jq -c '.[]'`";
  }
  if (trimmed.starts_with('{') && trimmed.ends_with(',')) {
    return "remove the comma after the object: objects are parted by line ends alone";
  }
  if (trimmed.starts_with('{')) {
    return "write each object on one line, for example with `jq -c .`";
  }
  return "each line holds one object such as `{\"func\": \"int f() { return 0; }\", "
         "\"target\": 0}`";
}

[[noreturn]] void fail(std::string code, std::string message, std::string help,
                       const std::filesystem::path& file, std::int64_t line, int column = 1,
                       std::string_view source_line = {}) {
  Span span{.file = file.string(), .line = static_cast<int>(line), .column = column};
  if (source_line.size() <= kLongestQuote && !first_invalid_byte(source_line)) {
    span.source_line = source_line;
  }
  throw Error(Diagnostic{.code = std::move(code),
                         .message = std::move(message),
                         .span = std::move(span),
                         .help = {std::move(help)}});
}

[[noreturn]] void fail_parse(const nlohmann::json::parse_error& error, const std::string& text,
                             const std::filesystem::path& file, std::int64_t line) {
  if (const auto invalid = first_invalid_byte(text)) {
    const std::string utf16 = utf16_hint(text);
    fail("data.not-utf8",
         "expected UTF-8, found a byte that is not at offset " + std::to_string(*invalid) +
             " of the line",
         utf16.empty() ? "convert the file from its encoding, for example with `iconv -f LATIN1 -t "
                         "UTF-8`"
                       : utf16,
         file, line, column_of(text, *invalid));
  }
  const std::size_t byte = error.byte == 0 ? 0 : error.byte - 1;
  fail("data.not-json",
       byte >= text.size() ? "expected one JSON object per line, found a line that ends too early"
                           : "expected one JSON object per line, found text that is not JSON",
       hint_for(text), file, line, column_of(text, byte), text);
}

nlohmann::json parse_line(const std::string& text, const std::filesystem::path& file,
                          std::int64_t line) {
  nlohmann::json record;
  if (const std::string deep = too_deep_json(text); !deep.empty()) {
    fail("data.not-json", "expected one JSON object per line, found one whose " + deep,
         "remove the field that nests so deep, or write it as text", file, line);
  }
  try {
    record = nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    fail_parse(error, text, file, line);
  } catch (const nlohmann::json::exception&) {
    fail("data.not-json", "expected one JSON object per line, found a number out of range",
         "write numbers that a double can hold, or that one as text", file, line, 1, text);
  }
  if (!record.is_object()) {
    fail("data.not-object", "expected a JSON object, found " + std::string(record.type_name()),
         hint_for(text), file, line, 1, text);
  }
  return record;
}

[[noreturn]] void fail_type(const std::string& name, const char* expected,
                            const nlohmann::json& found, const std::filesystem::path& file,
                            std::int64_t line) {
  fail_record("data.wrong-type",
              "field `" + name + "`: expected " + expected + ", found " +
                  (found.is_number_float() ? "a fraction" : found.type_name()),
              file, line);
}

/// Calls `visit` for each line that is not blank, until `enough` says so.
void for_each_line(std::istream& stream, const std::filesystem::path& name,
                   const TextLineVisitor& visit, const std::function<bool()>& enough = {}) {
  std::istream text(stream.rdbuf());
  text.tie(stream.tie());
  std::optional<GzipBuffer> inflated;
  if (GzipBuffer::is_gzip(*stream.rdbuf())) {
    text.rdbuf(&inflated.emplace(*stream.rdbuf()));
  }
  std::string line;
  const auto is_broken = [&] { return inflated && !inflated->failure().empty(); };
  // What comes before the damage may end within a line.
  for (std::int64_t number = 1; std::getline(text, line) && !is_broken(); ++number) {
    if (line.find_first_not_of(kBlanks) != std::string::npos) {
      visit(line, number);
      if (enough && enough()) {
        return;
      }
    }
  }
  const std::string failure = inflated ? inflated->failure() : "";
  if (text.bad() || !failure.empty()) {
    throw Error("data.cannot-read",
                "reading `" + name.string() + "` failed" + (failure.empty() ? "" : ": " + failure));
  }
}

/// The same of a file, where lines for which `visit` throws an Error go to `bad`.
void for_each_fitting_line(const std::filesystem::path& file, BadRecords& bad,
                           const TextLineVisitor& visit, const std::function<bool()>& enough) {
  std::ifstream stream = open_file(file, "data.cannot-read");
  const auto take_line = [&](const std::string& text, std::int64_t line) {
    try {
      visit(text, line);
    } catch (const Error& error) {
      bad.take(error);
    }
  };
  for_each_line(stream, file, take_line, enough);
}

}  // namespace

void for_each_json_line(std::istream& stream, const std::filesystem::path& name,
                        const JsonLineVisitor& visit) {
  for_each_line(stream, name, [&](const std::string& text, std::int64_t line) {
    visit(parse_line(text, name, line), line);
  });
}

void for_each_json_line(const std::filesystem::path& file, const JsonLineVisitor& visit) {
  std::ifstream stream = open_file(file, "data.cannot-read");
  for_each_json_line(stream, file, visit);
}

void for_each_json_line(const std::filesystem::path& file, BadRecords& bad,
                        const JsonLineVisitor& visit, const std::function<bool()>& enough) {
  const auto take_line = [&](const std::string& text, std::int64_t line) {
    visit(parse_line(text, file, line), line);
  };
  for_each_fitting_line(file, bad, take_line, enough);
}

void for_each_text_line(const std::filesystem::path& file, BadRecords& bad,
                        const TextLineVisitor& visit, const std::function<bool()>& enough) {
  const auto take_line = [&](const std::string& text, std::int64_t line) {
    visit(text.substr(0, text.find_last_not_of(kBlanks) + 1), line);
  };
  for_each_fitting_line(file, bad, take_line, enough);
}

const nlohmann::json& json_field(const nlohmann::json& record, const std::string& name,
                                 const std::filesystem::path& file, std::int64_t line) {
  const auto found = record.find(name);
  if (found != record.end()) {
    return *found;
  }
  std::vector<std::string> names;
  for (const auto& item : record.items()) {
    names.push_back(item.key());
  }
  std::vector<std::string> help = similar_name("field", name, names);
  if (help.empty() && !names.empty()) {
    constexpr std::size_t kMostListed = 12;
    const std::span<const std::string> shown(names.data(), std::min(names.size(), kMostListed));
    help.push_back("the record has " + ticked_list(shown) +
                   (names.size() > kMostListed ? ", ..." : ""));
  }
  fail_record("data.missing-field", "the record has no field `" + name + "`", file, line,
              std::move(help));
}

void fail_record(std::string code, std::string message, const std::filesystem::path& file,
                 std::int64_t line, std::vector<std::string> help) {
  throw Error(
      Diagnostic{.code = std::move(code),
                 .message = std::move(message),
                 .span = Span{.file = file.string(), .line = static_cast<int>(line), .column = 1},
                 .help = std::move(help)});
}

std::string string_field(const nlohmann::json& record, const std::string& name,
                         const std::filesystem::path& file, std::int64_t line) {
  const nlohmann::json& value = json_field(record, name, file, line);
  if (!value.is_string()) {
    fail_type(name, "a string", value, file, line);
  }
  return value.get<std::string>();
}

std::int64_t integer_field(const nlohmann::json& record, const std::string& name,
                           const std::filesystem::path& file, std::int64_t line) {
  const nlohmann::json& value = json_field(record, name, file, line);
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > kLargest) {
    fail_type(name, "an integer below 2^63", value, file, line);
  }
  if (!value.is_number_integer()) {
    fail_type(name, "an integer", value, file, line);
  }
  return value.get<std::int64_t>();
}

std::string id_field(const nlohmann::json& record, const std::string& name,
                     const std::filesystem::path& file, std::int64_t line) {
  const nlohmann::json& value = json_field(record, name, file, line);
  return value.is_number_integer() ? value.dump() : string_field(record, name, file, line);
}

void fail_duplicate(const std::string& id, const std::filesystem::path& file, std::int64_t line) {
  fail_record("data.duplicate-id", "the id `" + id + "` occurs twice", file, line);
}

void check_not_empty(bool is_empty, const std::filesystem::path& file, const std::string& what) {
  if (is_empty) {
    throw Error("data.empty-file", "`" + file.string() + "` holds no " + what);
  }
}

void check_has_text(std::string_view text, const std::string& name,
                    const std::filesystem::path& file, std::int64_t line) {
  if (text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos) {
    fail_record("data.empty-text", "field `" + name + "`: expected text, found none", file, line,
                {"remove the record, or set `on_bad_record = \"skip\"` to pass over such records"});
  }
}

void write_examples(const std::filesystem::path& file, const std::vector<Example>& examples) {
  std::string text;
  for (const Example& example : examples) {
    for (const std::string* part :
         {&example.id, &example.code, &example.other_code, &example.query}) {
      if (first_invalid_byte(*part)) {
        throw Error("data.not-utf8", "example `" + (part == &example.id ? "?" : example.id) +
                                         "` cannot be written: it is not UTF-8");
      }
    }
    const nlohmann::json record{{"id", example.id},
                                {"code", example.code},
                                {"other_code", example.other_code},
                                {"query", example.query},
                                {"label", example.label},
                                {"language", to_string(example.language)}};
    text += record.dump();
    text += '\n';
  }
  write_file_atomically(file, text);
}

std::vector<Example> read_examples(const std::filesystem::path& file) {
  std::vector<Example> examples;
  for_each_json_line(file, [&](const nlohmann::json& record, std::int64_t line) {
    const std::string language = string_field(record, "language", file, line);
    const std::optional<Language> known = from_string<Language>(language);
    if (!known) {
      fail_record("data.unknown-language",
                  "expected " + listed_names<Language>() + ", found `" + language + "`", file,
                  line);
    }
    examples.push_back(Example{.id = string_field(record, "id", file, line),
                               .code = string_field(record, "code", file, line),
                               .other_code = string_field(record, "other_code", file, line),
                               .query = string_field(record, "query", file, line),
                               .label = integer_field(record, "label", file, line),
                               .language = *known});
  });
  return examples;
}

}  // namespace ncmlab
