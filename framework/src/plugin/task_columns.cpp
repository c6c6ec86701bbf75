// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/task_columns.hpp"

#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/data/subset.hpp"

namespace ncmlab {

namespace {

bool is_builtin(const TaskColumns& settings) { return settings.data == "builtin"; }
bool is_json_lines(const TaskColumns& settings) { return settings.format == "json_lines"; }

Corpus read_corpus(const TaskColumns& settings, const CorpusSources& sources, const Rng& rng) {
  if (is_builtin(settings)) {
    return sources.generate(rng.stream("builtin corpus"));
  }
  BadRecords bad(settings.on_bad_record);
  return is_json_lines(settings)
             ? read_json_lines(settings.data, settings.columns(), std::move(bad))
             : sources.read(settings.data, std::move(bad));
}

}  // namespace

ColumnMapping TaskColumns::columns() const {
  return {.code = code_column,
          .second = second_column,
          .label = label_column,
          .id = id_column,
          .split = split_column,
          .language = language_column,
          .default_language = *language_from_string(language),
          .label_values = label_values};
}

void check_label_values(const TaskColumns& settings) {
  if (!settings.label_values.empty() && settings.label_values.size() != 2) {
    throw Error("plugin.bad-setting", "`label_values` should name two labels, found " +
                                          std::to_string(settings.label_values.size()));
  }
}

Corpus load_corpus(const TaskColumns& settings, const CorpusSources& sources, const Rng& rng) {
  Corpus corpus = read_corpus(settings, sources, rng);
  keep_at_most(corpus.train, settings.train_limit, rng.stream("train subset"));
  keep_at_most(corpus.valid, settings.valid_limit, rng.stream("valid subset"));
  keep_at_most(corpus.test, settings.test_limit, rng.stream("test subset"));
  return corpus;
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
