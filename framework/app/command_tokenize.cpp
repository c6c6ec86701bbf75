// SPDX-License-Identifier: Apache-2.0
#include <boost/program_options/value_semantic.hpp>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "ncmlab/data/json_lines.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"

namespace ncmlab::app {
namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;

Syntax syntax() {
  Syntax result{
      .usage = "ncmlab tokenize [FILE] --tokenizer PATH [OPTIONS]",
      .summary =
          "Reads JSON lines with a field `text` from FILE or from standard input, plain or gzip,\n"
          "and prints the ids of each text as one JSON array a line, without special tokens\n"
          "around them. PATH is a folder with `tokenizer.json`, or with `vocab.json` and\n"
          "`merges.txt`, or one `tokenizer.json`.",
      .examples =
          "  echo '{\"text\": \"int x = 0;\"}' | ncmlab tokenize --tokenizer roberta-base\n"
          "  ncmlab tokenize train.jsonl --tokenizer roberta-base --field func > ids.jsonl\n"
          "  ncmlab tokenize texts.jsonl --tokenizer tokenizer.json --tokens --offsets",
      .positional = {"FILE"}};
  result.options.add_options()
      // clang-format off
      ("tokenizer", po::value<std::string>()->value_name("PATH"), "folder or file of the tokenizer")
      ("add-prefix-space", "put a blank before a text that has none")
      ("field", po::value<std::string>()->value_name("NAME")->default_value("text"),
       "the field that holds the text")
      ("tokens", "print tokens as the vocabulary spells them, not ids")
      ("offsets", "print the bytes [begin, end] of the text that each token covers; with --tokens,\n"
       "[token, begin, end]");
  // clang-format on
  return result;
}

Tokenizer open_tokenizer(const po::variables_map& values) {
  if (values.count("tokenizer") == 0) {
    throw Error("usage.missing-option", "`ncmlab tokenize` needs `--tokenizer PATH`",
                {"`ncmlab tokenize --help` lists the options"});
  }
  const fs::path path = values["tokenizer"].as<std::string>();
  const auto prefix = values.count("add-prefix-space") != 0 ? std::optional(true) : std::nullopt;
  return fs::is_directory(path) ? Tokenizer::from_folder(path, prefix)
                                : Tokenizer::from_file(path, prefix);
}

/// Writes what was asked for of one text at a time.
class LineWriter {
 public:
  LineWriter(const Tokenizer& tokenizer, const po::variables_map& values)
      : tokenizer_(tokenizer),
        tokens_(values.count("tokens") != 0),
        offsets_(values.count("offsets") != 0) {}

  /// The JSON array for `text` and the end of its line, valid until the next call.
  const std::string& line(const std::string& text) {
    line_ = "[";
    if (offsets_) {
      const Encoding encoding = tokenizer_.encode_with_ranges(text);
      for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
        begin_item(i);
        line_ += '[';
        if (tokens_) {
          append_token(encoding.ids[i]);
          line_ += ", ";
        }
        append_number(static_cast<std::int64_t>(encoding.ranges[i].begin));
        line_ += ", ";
        append_number(static_cast<std::int64_t>(encoding.ranges[i].end));
        line_ += ']';
      }
    } else {
      const std::vector<std::int64_t> ids = tokenizer_.encode(text);
      for (std::size_t i = 0; i < ids.size(); ++i) {
        begin_item(i);
        tokens_ ? append_token(ids[i]) : append_number(ids[i]);
      }
    }
    return line_ += "]\n";
  }

 private:
  void begin_item(std::size_t index) { line_ += index == 0 ? "" : ", "; }
  void append_token(std::int64_t id) { line_ += nlohmann::json(tokenizer_.token(id)).dump(); }
  void append_number(std::int64_t value) {
    char digits[24];
    line_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }

  const Tokenizer& tokenizer_;
  const bool tokens_, offsets_;
  std::string line_;
};

}  // namespace

int command_tokenize(const Arguments& arguments) {
  const auto values = parse(arguments, syntax());
  if (!values) {
    return kOk;
  }
  const Tokenizer tokenizer = open_tokenizer(*values);
  const std::string field = (*values)["field"].as<std::string>();
  const fs::path file = values->count("FILE") != 0 ? (*values)["FILE"].as<std::string>() : "-";
  LineWriter writer(tokenizer, *values);
  const auto print_line = [&](const fs::path& name) {
    return [&, name](const nlohmann::json& record, std::int64_t line) {
      const std::string& output = writer.line(string_field(record, field, name, line));
      std::cout.write(output.data(), static_cast<std::streamsize>(output.size()));
    };
  };
  std::ios::sync_with_stdio(false);
  if (file == "-") {
    const fs::path name = "<stdin>";
    for_each_json_line(std::cin, name, print_line(name));
  } else {
    for_each_json_line(file, print_line(file));
  }
  return kOk;
}

}  // namespace ncmlab::app
