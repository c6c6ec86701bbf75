// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/task_columns.hpp"

#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/data/column_writer.hpp"
#include "ncmlab/data/subset.hpp"

namespace ncmlab {

namespace {

bool is_builtin(const TaskColumns& settings) { return settings.data == "builtin"; }
bool is_json_lines(const TaskColumns& settings) { return settings.format == DataForm::json_lines; }

Corpus read_files(const TaskColumns& settings, const CorpusSources& sources, std::int64_t records) {
  BadRecords bad(settings.on_bad_record);
  return is_json_lines(settings)
             ? read_json_lines(settings.data, settings.columns(), std::move(bad), records)
             : sources.read(settings.data, std::move(bad), records);
}

}  // namespace

ColumnMapping TaskColumns::columns() const {
  return {.code = code_column,
          .second = second_column,
          .label = label_column,
          .id = id_column,
          .split = split_column,
          .language = language_column,
          .default_language = language,
          .label_values = label_values};
}

void check_label_values(const TaskColumns& settings) {
  if (!settings.label_values.empty() && settings.label_values.size() != 2) {
    throw Error("plugin.bad-setting", "`label_values` should name two labels, found " +
                                          std::to_string(settings.label_values.size()));
  }
}

Corpus load_corpus(const TaskColumns& settings, const CorpusSources& sources, const Rng& rng) {
  Corpus corpus = is_builtin(settings) ? sources.generate(rng.stream("builtin corpus"))
                                       : read_files(settings, sources, 0);
  keep_at_most(corpus.train, settings.train_limit, rng.stream("train subset"));
  keep_at_most(corpus.valid, settings.valid_limit, rng.stream("valid subset"));
  keep_at_most(corpus.test, settings.test_limit, rng.stream("test subset"));
  return corpus;
}

Corpus peek_corpus(const TaskColumns& settings, const CorpusSources& sources,
                   std::int64_t records) {
  return is_builtin(settings) ? Corpus{} : read_files(settings, sources, records);
}

void write_corpus(const TaskColumns& settings, const CorpusWriter& own_form, const Corpus& corpus,
                  const std::filesystem::path& folder) {
  const std::filesystem::path source =
      is_builtin(settings) ? std::filesystem::path() : std::filesystem::path(settings.data);
  if (is_json_lines(settings)) {
    write_json_lines(corpus, settings.columns(), source, folder);
  } else {
    own_form(corpus, folder, source);
  }
}

std::string corpus_fingerprint(const TaskColumns& settings, const CorpusSources& sources) {
  if (is_builtin(settings)) {
    return {};
  }
  Hasher hasher;
  for (const std::filesystem::path& file :
       is_json_lines(settings) ? json_lines_files(settings.data) : sources.files(settings.data)) {
    hasher.field(file.filename().string()).field(hash_file(file));
  }
  return hasher.hex();
}

}  // namespace ncmlab
