// SPDX-License-Identifier: Apache-2.0
#include "report/caption.hpp"

#include <algorithm>

#include "ncmlab/core/wording.hpp"
#include "report/text.hpp"

namespace ncmlab {
namespace {

class Range {
 public:
  void add(std::int64_t value) {
    low_ = any_ ? std::min(low_, value) : value;
    high_ = any_ ? std::max(high_, value) : value;
    any_ = true;
  }
  bool any() const { return any_; }
  std::string text() const {
    return low_ == high_ ? std::to_string(low_)
                         : std::to_string(low_) + " to " + std::to_string(high_);
  }

 private:
  bool any_ = false;
  std::int64_t low_ = 0, high_ = 0;
};

}  // namespace

std::set<std::int64_t> seeds_of(const std::vector<const CellRecord*>& records) {
  std::set<std::int64_t> seeds;
  for (const CellRecord* record : records) {
    seeds.insert(record->seed);
  }
  return seeds;
}

std::string seeds_sentence(const std::vector<const CellRecord*>& records, bool in_every_row) {
  const std::set<std::int64_t> seeds = seeds_of(records);
  const std::string list =
      joined(seeds, ", ", [](std::int64_t seed) { return std::to_string(seed); });
  if (seeds.size() == 1) {
    return "One seed (" + list + ").";
  }
  return (in_every_row ? "Means over " : "Means over at most ") + std::to_string(seeds.size()) +
         " seeds (" + list + (in_every_row ? ")" : "), n says where over fewer") +
         (seeds.size() >= 3 ? ", ± sample standard deviation (n-1)." : ".");
}

std::string trial_sentence(const std::vector<const CellRecord*>& records) {
  Range limits;
  for (const CellRecord* record : records) {
    if (record->limit > 0) {
      limits.add(record->limit);
    }
  }
  return limits.any()
             ? "Trial run: at most " + limits.text() + " samples of each split; not for reporting."
             : "";
}

std::string sizes_sentence(const std::vector<const CellRecord*>& records) {
  Range tested, attacked, flippable, pool, promoted;
  for (const CellRecord* record : records) {
    if (record->measured()) {
      tested.add(record->retrieval ? record->retrieval->count : record->clean.count);
      if (record->retrieval) {
        pool.add(record->retrieval->pool);
      }
      if (record->promotion) {
        promoted.add(record->promotion->count);
      }
      if (record->attack_metrics) {
        attacked.add(record->attack_metrics->count);
        flippable.add(record->attack_metrics->flip_count);
      }
    }
  }
  if (!tested.any()) {
    return "No cell was measured.";
  }
  std::string text = "Test samples: " + tested.text();
  if (pool.any()) {
    text = "Test queries: " + tested.text() + ", each ranked in a pool of " + pool.text();
  }
  if (promoted.any()) {
    text += "; behind ANR and ASR@k: " + promoted.text() + " queries with the target word";
  }
  if (attacked.any()) {
    text += "; behind ASR and natural rate: " + attacked.text() +
            " of the victim class; behind the flip rate: " + flippable.text();
  }
  return text + ".";
}

std::vector<std::string> caption(const Table& table) {
  std::vector<std::string> sentences = table.measured;
  for (const Column& column : table.columns) {
    if (!column.meaning.empty()) {
      sentences.push_back(column.meaning);
    }
  }
  return sentences;
}

std::string provenance(const std::vector<CellRecord>& records, const ReportOptions& options) {
  const std::vector<const CellRecord*> distinct = distinct_records(records);
  const auto failed = std::count_if(distinct.begin(), distinct.end(), [](const CellRecord* record) {
    return !record->failure.empty();
  });
  std::string text = "ncmlab";
  if (!options.version.empty()) {
    text += " " + printable(options.version);
  }
  text += "; " + counted(distinct.size(), "cell");
  if (failed > 0) {
    text += ", " + std::to_string(failed) + " failed";
  }
  if (!options.regenerate.empty()) {
    text += "; regenerate with: " + printable(options.regenerate);
  }
  return text;
}

}  // namespace ncmlab
