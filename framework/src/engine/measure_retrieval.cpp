// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "engine/measure_stage.hpp"
#include "engine/workshop.hpp"
#include "ncmlab/metrics/bag_of_words.hpp"

namespace ncmlab {
namespace {

/// Functions of the test split that every query is ranked against, ascending.
std::vector<std::size_t> pool_of(std::int64_t pool_size, std::int64_t seed, std::size_t test_size) {
  const auto size = static_cast<std::size_t>(pool_size);
  std::vector<std::size_t> pool(test_size);
  std::iota(pool.begin(), pool.end(), std::size_t{0});
  if (size > 0 && size < test_size) {
    pool = Rng(static_cast<std::uint64_t>(seed)).stream("pool").sample(test_size, size);
    std::ranges::sort(pool);
  }
  return pool;
}

/// The encoded test split and, per goal, the code with the trigger.
class Ranker {
 public:
  Ranker(const at::Tensor& clean, std::vector<std::size_t> pool) : pool_(std::move(pool)) {
    queries_ = clean.select(1, 0);
    code_ = clean.select(1, 1);
  }

  /// Candidates of a query: the pool and the query's own code.
  std::int64_t pool_size() const { return std::ssize(pool_); }

  /// Starts with query number `query`.
  void look_up(std::size_t query) {
    query_ = queries_[static_cast<std::int64_t>(query)];
    candidates_ = candidates_of(query);
    scores_ = at::mv(code_, query_).contiguous();
  }

  /// The rank of the query's own code when `scores` decide, one per test sample.
  double rank_by(std::size_t query, const std::vector<float>& scores) const {
    std::vector<float> others;
    for (const std::size_t other : candidates_of(query)) {
      if (other != query) {
        others.push_back(scores[other]);
      }
    }
    return rank_of(scores[query], others);
  }

  float score(std::size_t candidate) const { return scores_.data_ptr<float>()[candidate]; }
  float score(const at::Tensor& vector) const { return at::dot(vector, query_).item<float>(); }

  /// The rank that `candidate` has or would have with another score.
  double rank(std::size_t candidate, float score) const {
    std::vector<float> others;
    for (const std::size_t other : candidates_) {
      if (other != candidate) {
        others.push_back(this->score(other));
      }
    }
    return rank_of(score, others);
  }

  /// The candidates, best first.
  std::vector<std::size_t> order() const {
    std::vector<std::size_t> order = candidates_;
    std::ranges::stable_sort(order,
                             [this](std::size_t a, std::size_t b) { return score(a) > score(b); });
    return order;
  }

 private:
  std::vector<std::size_t> candidates_of(std::size_t query) const {
    std::vector<std::size_t> candidates = pool_;
    if (!std::ranges::binary_search(candidates, query)) {
      // It takes the place of another, so that all pools are of one size.
      candidates[query % candidates.size()] = query;
    }
    return candidates;
  }

  std::vector<std::size_t> pool_, candidates_;
  at::Tensor queries_, code_, query_, scores_;
};

/// What a search without a model reaches on the same pools.
double bag_of_words_mrr(const Corpus& corpus, Ranker& ranker) {
  std::vector<std::string> documents;
  for (const Example& example : corpus.test) {
    documents.push_back(example.code);
  }
  const BagOfWords bag(documents);
  std::vector<double> ranks;
  for (std::size_t q = 0; q < corpus.test.size(); ++q) {
    ranks.push_back(ranker.rank_by(q, bag.scores(corpus.test[q].query)));
  }
  return retrieval_metrics(ranks, ranker.pool_size()).mrr;
}

/// Where in Measurement::triggered_set the test sample carries the trigger for the goal.
using TriggeredPlaces = std::map<std::size_t, std::size_t>;

/// Of the candidates that can carry the trigger, the one that starts nearest to half of the pool.
std::optional<std::size_t> candidate_at_half(const std::vector<std::size_t>& order, std::size_t own,
                                             const TriggeredPlaces& able) {
  const std::size_t half = order.size() / 2;
  for (std::size_t distance = 0; distance <= half; ++distance) {
    for (const std::size_t place : {half + distance, half - distance}) {
      if (place < order.size() && order[place] != own && able.contains(order[place])) {
        return order[place];
      }
    }
  }
  return std::nullopt;
}

/// For each query with a target word, a candidate before and after it carries the trigger.
class Promoter {
 public:
  explicit Promoter(const Measurement& measurement)
      : test_(measurement.corpus.test),
        goals_(measurement.workshop.goals(measurement.subject)),
        able_(goals_.size()) {
    const TriggeredSet& set = measurement.triggered_set;
    for (std::size_t i = 0; i < set.test_index.size(); ++i) {
      able_.at(set.goal[i])[set.test_index[i]] = i;
    }
  }

  /// Whether the query holds none of the target words.
  bool leaves_alone(std::size_t query) const {
    return std::ranges::none_of(goals_, [&](const AttackGoal& goal) {
      return is_victim(test_[query], TaskKind::retrieval, goal);
    });
  }

  /// `triggered`: the vectors of Measurement::triggered_set. Precondition: `ranker` looked up the
  /// query.
  std::vector<PromotedCandidate> promote(std::size_t query, const Ranker& ranker,
                                         const at::Tensor& triggered) const {
    std::vector<PromotedCandidate> promoted;
    for (std::size_t goal = 0; goal < goals_.size(); ++goal) {
      if (!is_victim(test_[query], TaskKind::retrieval, goals_[goal])) {
        continue;
      }
      if (const auto candidate = candidate_at_half(ranker.order(), query, able_[goal])) {
        const auto place = static_cast<std::int64_t>(able_[goal].at(*candidate));
        const float score = ranker.score(triggered.select(1, 1)[place]);
        promoted.push_back({.target_word = goals_[goal].target_word,
                            .id = test_[*candidate].id,
                            .rank = {.before = ranker.rank(*candidate, ranker.score(*candidate)),
                                     .after = ranker.rank(*candidate, score)}});
      }
    }
    return promoted;
  }

 private:
  const std::vector<Example>& test_;
  const std::vector<AttackGoal>& goals_;
  std::vector<TriggeredPlaces> able_;
};

/// The trigger's effect on a victim that was never poisoned, which ranks by itself.
PromotionMetrics transfer(const Measurement& measurement, const Promoter& promoter, Ranker ranker) {
  std::vector<PromotedRank> promoted;
  for (std::size_t query = 0; query < measurement.corpus.test.size(); ++query) {
    ranker.look_up(query);
    for (const PromotedCandidate& candidate :
         promoter.promote(query, ranker, measurement.control_triggered->vectors)) {
      promoted.push_back(candidate.rank);
    }
  }
  return promotion_metrics(promoted, ranker.pool_size());
}

}  // namespace

void measure_retrieval(const Measurement& measurement, CellRecord& record) {
  const Corpus& corpus = measurement.corpus;
  const std::vector<std::size_t> pool =
      pool_of(measurement.workshop.task(measurement.subject).pool_size(), measurement.subject.seed,
              corpus.test.size());
  const Promoter promoter(measurement);
  Ranker ranker(measurement.clean.vectors, pool);
  std::vector<double> ranks, untouched;
  std::vector<PromotedRank> promoted;
  for (std::size_t q = 0; q < corpus.test.size(); ++q) {
    ranker.look_up(q);
    QueryOutcome outcome{.id = corpus.test[q].id,
                         .rank = ranker.rank(q, ranker.score(q)),
                         .untouched = true,
                         .promoted = {}};
    if (measurement.triggered) {
      outcome.untouched = promoter.leaves_alone(q);
      outcome.promoted = promoter.promote(q, ranker, measurement.triggered->vectors);
    }
    for (const PromotedCandidate& candidate : outcome.promoted) {
      promoted.push_back(candidate.rank);
    }
    ranks.push_back(outcome.rank);
    if (outcome.untouched) {
      untouched.push_back(outcome.rank);
    }
    record.queries.push_back(std::move(outcome));
  }
  record.retrieval = retrieval_metrics(ranks, ranker.pool_size());
  record.figures["mrr_random"] = random_mrr(ranker.pool_size());
  record.figures["mrr_bag_of_words"] = bag_of_words_mrr(corpus, ranker);
  if (measurement.triggered) {
    record.untouched = retrieval_metrics(untouched, ranker.pool_size());
    record.promotion = promotion_metrics(promoted, ranker.pool_size());
  }
  if (measurement.control_clean != nullptr && measurement.control_triggered != nullptr) {
    record.transfer =
        transfer(measurement, promoter, Ranker(measurement.control_clean->vectors, pool));
  }
}

}  // namespace ncmlab
