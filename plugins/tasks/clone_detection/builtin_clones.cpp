// SPDX-License-Identifier: Apache-2.0
#include "builtin_clones.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "method_writer.hpp"

namespace ncmlab {
namespace {

/// How many pairs a method stands in, on average.
constexpr std::size_t kPairsPerMethod = 4;
/// Methods that compute the same, at least: enough for as many clones as a small split needs.
constexpr std::size_t kLeastOfAKind = 4;

struct Method {
  MethodPlan plan;
  std::string code;
  std::optional<std::size_t> origin;  ///< the method that this one is a variant of
};

/// The variants that make clones of type 1 to 3, or a near miss.
MethodPlan variant_of(const MethodPlan& origin, bool near_miss, Rng& rng) {
  MethodPlan plan = origin;
  plan.layout = rng.next();
  plan.second_form = origin.second_form != near_miss;
  const std::int64_t type = rng.between(1, 3);
  if (type >= 2) {
    rename_all(plan, rng);
  }
  if (type == 3) {
    plan.filler = rng.next() | 1U;
  }
  return plan;
}

/// The methods of a split, none of which stands in `seen`.
class MethodPool {
 public:
  MethodPool(std::size_t size, Rng& rng, std::set<std::string>& seen)
      : by_functionality_(2 * method_families()) {
    for (std::size_t i = 0; i < by_functionality_.size(); ++i) {
      while (by_functionality_[i].size() < kLeastOfAKind) {
        add(draw_method(i / 2, i % 2 == 1, rng), std::nullopt, seen);
      }
    }
    while (methods_.size() < size) {
      if (rng.chance(0.6)) {
        const std::size_t origin = rng.below(methods_.size());
        add(variant_of(methods_[origin].plan, rng.chance(0.5), rng), origin, seen);
      } else {
        add(draw_method(rng.below(method_families()), rng.chance(0.5), rng), std::nullopt, seen);
      }
    }
  }

  /// Two different methods, clones of each other or not.
  std::pair<const Method*, const Method*> pair(bool clones, Rng& rng) const {
    const std::size_t first = rng.below(methods_.size());
    const Method& method = methods_[first];
    if (method.origin && rng.chance(0.5)) {
      const Method& origin = methods_[*method.origin];
      if ((origin.plan.functionality() == method.plan.functionality()) == clones) {
        return {&method, &origin};
      }
    }
    const std::size_t own = method.plan.functionality();
    std::size_t other = own;
    if (!clones) {
      constexpr double kNearMisses = 0.4;
      other = own ^ 1U;
      while (!rng.chance(kNearMisses) && other / 2 == own / 2) {
        other = rng.below(by_functionality_.size());
      }
    }
    std::size_t second = first;
    while (second == first) {
      second = rng.pick(by_functionality_[other]);
    }
    return {&method, &methods_[second]};
  }

 private:
  void add(MethodPlan plan, std::optional<std::size_t> origin, std::set<std::string>& seen) {
    std::string code = write_method(plan);
    if (seen.insert(code).second) {
      by_functionality_[plan.functionality()].push_back(methods_.size());
      methods_.push_back({.plan = std::move(plan), .code = std::move(code), .origin = origin});
    }
  }

  std::vector<Method> methods_;
  std::vector<std::vector<std::size_t>> by_functionality_;
};

std::vector<Example> write_split(std::int64_t size, Rng rng, std::set<std::string>& seen) {
  std::vector<Example> pairs;
  const MethodPool pool(2 * static_cast<std::size_t>(size) / kPairsPerMethod, rng, seen);
  std::set<std::pair<const Method*, const Method*>> used;
  while (std::ssize(pairs) < size) {
    const bool clones = pairs.size() % 2 == 0;
    auto [first, second] = pool.pair(clones, rng);
    if (rng.chance(0.5)) {
      std::swap(first, second);
    }
    if (used.insert(std::minmax(first, second)).second) {
      pairs.push_back({.id = {},
                       .code = first->code,
                       .other_code = second->code,
                       .label = clones ? 1 : 0,
                       .language = Language::java});
    }
  }
  return pairs;
}

}  // namespace

Corpus generate_builtin_clones(const CorpusSizes& sizes, const Rng& rng) {
  std::set<std::string> seen;
  return generate_corpus(
      sizes, rng, [&](std::int64_t size, Rng stream) { return write_split(size, stream, seen); });
}

}  // namespace ncmlab
