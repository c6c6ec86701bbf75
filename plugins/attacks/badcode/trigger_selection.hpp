// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ncmlab/plugin/attack.hpp"

namespace ncmlab {

/// BadCode's target-oriented trigger words, `count` of them: the sub-words of code that stand in
/// most samples of the target (in retrieval those whose query holds the target word; else those of
/// the target label), without keywords, the target word itself and the words that are frequent for
/// other targets (in retrieval the ten most frequent other query words; else the other labels).
/// "Frequent" means among the 100 most frequent; where that leaves fewer than `count` words, half
/// as many, and so on. Ties in alphabetical order. Throws Error `attack.badcode.no-trigger` when
/// there are not `count` words.
std::vector<std::string> select_triggers(const AttackContext& context, std::size_t count);

}  // namespace ncmlab
