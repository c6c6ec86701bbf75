// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/task_data.hpp"

#include "ncmlab/core/hash.hpp"
#include "ncmlab/data/subset.hpp"

namespace ncmlab {

void keep_limits(Corpus& corpus, const TaskData& settings, const Rng& rng) {
  keep_at_most(corpus.train, settings.train_limit, rng.stream("train subset"));
  keep_at_most(corpus.valid, settings.valid_limit, rng.stream("valid subset"));
  keep_at_most(corpus.test, settings.test_limit, rng.stream("test subset"));
}

std::string fingerprint(const std::vector<std::filesystem::path>& files) {
  Hasher hasher;
  for (const std::filesystem::path& file : files) {
    hasher.field(file.filename().string()).field(hash_file(file));
  }
  return hasher.hex();
}

}  // namespace ncmlab
