// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/column_writer.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/record_reader.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/data/stored_records.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// How the data spells a label; `before` is what the record holds, or null.
json spelled(std::int64_t label, const ColumnMapping& columns, const json& before) {
  if (columns.label_values.empty()) {
    return label;
  }
  const std::string& text = columns.label_values.at(static_cast<std::size_t>(label));
  if (before.is_null() || before.is_string()) {
    return text;
  }
  // Data with numbers and words has spellings that are no JSON.
  json value = json::parse(text, nullptr, false);
  return value.is_discarded() ? json(text) : value;
}

/// Puts what the sample says into its record.
class RecordWriter {
 public:
  RecordWriter(const ColumnMapping& columns, const fs::path& source) : columns_(columns) {
    if (source.empty()) {
      return;
    }
    const std::vector<fs::path> files = json_lines_files(source);
    for (const fs::path& file : files) {
      const std::string name = file.filename().string();
      const std::string split = files.size() == 1 ? "train" : name.substr(0, name.find('.'));
      const RecordReader reader(file, columns_);
      records_.read(file, split, [&](const json& record, std::int64_t line) {
        return reader.example(record, line).id;
      });
    }
  }

  json record(const Example& example, std::string_view split) {
    json record = records_.find(split, example.id);
    if (record.empty()) {
      set(record, columns_.id, example.id);
      set(record, columns_.language, to_string(example.language));
    }
    set(record, columns_.code, example.code);
    set(record, columns_.other_code, example.other_code);
    set(record, columns_.query, example.query);
    set(record, columns_.split, split);
    set_label(record, example.label);
    const std::size_t times = ++seen_[std::string(split) + "/" + example.id];
    if (times > 1) {
      set(record, columns_.id, example.id + "#" + std::to_string(times));
    }
    return record;
  }

 private:
  template <typename T>
  static void set(json& record, const std::string& column, const T& value) {
    if (!column.empty()) {
      record[column] = value;
    }
  }

  void set_label(json& record, std::int64_t label) const {
    if (columns_.label.empty()) {
      return;
    }
    const json before = record.value(columns_.label, json());
    const bool is_same = !before.is_null() && label_of(before) == label;
    if (!is_same) {
      record[columns_.label] = spelled(label, columns_, before);
    }
  }

  std::int64_t label_of(const json& value) const {
    return RecordReader(file_, columns_).label({{columns_.label, value}}, 1);
  }

  const ColumnMapping& columns_;
  const fs::path file_;  ///< none: labels of records that were read have no errors
  StoredRecords records_;
  std::unordered_map<std::string, std::size_t> seen_;
};

}  // namespace

void write_json_lines(const Corpus& corpus, const ColumnMapping& columns, const fs::path& source,
                      const fs::path& folder) {
  RecordWriter writer(columns, source);
  write_splits(corpus, folder, [&](const Example& example, std::string_view split, std::size_t) {
    return writer.record(example, split);
  });
}

}  // namespace ncmlab
