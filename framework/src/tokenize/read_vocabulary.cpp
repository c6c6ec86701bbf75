// SPDX-License-Identifier: Apache-2.0
#include "tokenize/read_vocabulary.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "ncmlab/core/files.hpp"

namespace ncmlab::bpe {
namespace {

using nlohmann::json;

constexpr std::string_view kVersionLine = "#version";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kBlanks = " \t\v\f\r\n";

JsonPath child(JsonPath path, const std::string& step) {
  path.push_back(step);
  return path;
}

/// Splits "a b"; nothing unless there is exactly one blank with something on both sides.
std::optional<std::pair<std::string_view, std::string_view>> split_pair(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || blank == 0 || blank + 1 == line.size() ||
      line.find(' ', blank + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return std::pair(line.substr(0, blank), line.substr(blank + 1));
}

/// Splits a line of two words; white space around them does not count.
std::optional<std::pair<std::string_view, std::string_view>> split_words(std::string_view line) {
  const auto next = [&] {
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
    line.remove_prefix(word.size());
    return word;
  };
  const std::string_view left = next();
  const std::string_view right = next();
  if (right.empty() || !next().empty()) {
    return std::nullopt;
  }
  return std::pair(left, right);
}

/// Finds the three tokens of a merge, or calls `missing` with the one that is not there.
template <typename Missing>
Merge resolve(std::string_view left, std::string_view right, const Vocabulary& vocabulary,
              const std::string& prefix, const Missing& missing) {
  const auto id_of = [&](const std::string& token) {
    const auto id = vocabulary.find(token);
    if (!id) {
      missing(token);
    }
    return id.value_or(-1);
  };
  const std::string joined =
      std::string(left) + std::string(right.substr(std::min(prefix.size(), right.size())));
  return {id_of(std::string(left)), id_of(std::string(right)), id_of(joined)};
}

std::string missing_message(const std::string& token) {
  return "this merge needs the token `" + token + "`, which the vocabulary lacks";
}

const std::vector<std::string> kMissingHelp = {"use vocabulary and merges of the same tokenizer"};

}  // namespace

Vocabulary read_vocabulary(const JsonFile& file, const JsonPath& path, const json& object) {
  if (!object.is_object()) {
    file.fail(path, "tokenizer.bad-field",
              std::string("the vocabulary should be an object, found ") + object.type_name());
  }
  // Ids index tables, so a stray large one must not make them huge.
  const auto limit = static_cast<std::int64_t>(4 * object.size() + 65536);
  Vocabulary vocabulary;
  for (const auto& [token, value] : object.items()) {
    const auto fail = [&](const std::string& message) {
      file.fail(child(path, token), "tokenizer.bad-id", message);
    };
    if (!value.is_number_integer()) {
      fail("the id of `" + token + "` should be an integer, found " + value.type_name());
    }
    const bool too_large = value.is_number_unsigned() &&
                           value.get<std::uint64_t>() >= static_cast<std::uint64_t>(limit);
    const auto id = value.get<std::int64_t>();
    if (too_large || id < 0) {
      fail("the id " + value.dump() + " of `" + token + "` is outside [0, " +
           std::to_string(limit) + "), the range for " + std::to_string(object.size()) + " tokens");
    }
    if (id < vocabulary.id_limit() && vocabulary.token(id) != nullptr) {
      fail("the id " + std::to_string(id) + " is given to `" + *vocabulary.token(id) +
           "` and to `" + token + "`");
    }
    vocabulary.add(token, id);
  }
  return vocabulary;
}

std::vector<Merge> read_merges(const JsonFile& file, const JsonPath& path, const json& array,
                               const Vocabulary& vocabulary, const std::string& prefix) {
  if (!array.is_array()) {
    file.fail(path, "tokenizer.bad-field",
              std::string("`merges` should be an array, found ") + array.type_name());
  }
  std::vector<Merge> merges;
  merges.reserve(array.size());
  for (std::size_t i = 0; i < array.size(); ++i) {
    const json& item = array[i];
    const auto place = [&] { return child(path, std::to_string(i)); };
    const auto missing = [&](const std::string& token) {
      file.fail(item.is_array() ? child(place(), "0") : place(), "tokenizer.missing-token",
                missing_message(token), kMissingHelp);
    };
    if (item.is_array() && item.size() == 2 && item[0].is_string() && item[1].is_string()) {
      merges.push_back(resolve(item[0].get_ref<const std::string&>(),
                               item[1].get_ref<const std::string&>(), vocabulary, prefix, missing));
      continue;
    }
    if (item.is_string() && item.get_ref<const std::string&>().starts_with(kVersionLine)) {
      continue;
    }
    const auto pair =
        item.is_string() ? split_pair(item.get_ref<const std::string&>()) : std::nullopt;
    if (!pair) {
      file.fail(place(), "tokenizer.bad-merge",
                "a merge should be two tokens, \"a b\" or [\"a\", \"b\"]");
    }
    merges.push_back(resolve(pair->first, pair->second, vocabulary, prefix, missing));
  }
  return merges;
}

std::vector<Merge> read_merges_txt(const std::filesystem::path& file,
                                   const Vocabulary& vocabulary) {
  const std::string text = read_file(file);
  std::vector<Merge> merges;
  for (std::size_t begin = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
       begin < text.size();) {
    // Python's universal line ends: \n, \r\n and \r.
    const std::size_t end = std::min(text.find_first_of("\r\n", begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    const auto fail = [&](const std::string& code, const std::string& message,
                          std::vector<std::string> help) {
      Diagnostic diagnostic;
      diagnostic.code = code;
      diagnostic.message = message;
      diagnostic.span = span_in(file, text, begin, end);
      diagnostic.help = std::move(help);
      throw Error(std::move(diagnostic));
    };
    const bool rest_blank = text.find_first_not_of(kBlanks, begin) == std::string::npos;
    if (!rest_blank && !line.starts_with(kVersionLine)) {
      const auto pair = split_words(line);
      if (!pair) {
        fail("tokenizer.bad-merge", "a merge should be two tokens with a blank between", {});
      }
      merges.push_back(
          resolve(pair->first, pair->second, vocabulary, "", [&](const std::string& token) {
            fail("tokenizer.missing-token", missing_message(token), kMissingHelp);
          }));
    }
    begin = end + (text.compare(end, 2, "\r\n") == 0 ? 2 : 1);
  }
  return merges;
}

}  // namespace ncmlab::bpe
