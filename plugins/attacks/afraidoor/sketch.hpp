// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/task.hpp"
#include "whole_names.hpp"

namespace ncmlab::afraidoor {

/// Where an identifier stands in the tokens of a sketch: one token, there <mask>.
struct Site {
  std::size_t part = 0;
  std::size_t column = 0;      ///< into parts[part].ids
  std::size_t identifier = 0;  ///< into Sketch::identifiers
  bool after_blank = false;
};

/// One function with every local identifier masked (Yang et al., section 3.2), as part of the
/// sample that it stands in.
struct Sketch {
  const std::vector<WholeName>* pool = nullptr;  ///< the names of its language
  std::string code;                              ///< the function as it is
  Language language = Language::c;
  std::vector<Identifier> identifiers;  ///< parameters and local variables, by first occurrence
  TokenSample sample;
  std::vector<Site> sites;  ///< those within the rows; later ones are cut off
};

/// The sketch of `code`, which is `sample.code` or `sample.other_code`; nothing when the code has a
/// syntax error, no local identifier, or `pool` is too small. When the pool holds fewer names than
/// the function, only the first identifiers are masked and will be renamed.
std::optional<Sketch> make_sketch(const CodeModel& surrogate, const TaskView& task,
                                  const std::string& code, const Example& sample,
                                  const std::vector<WholeName>& pool);

/// Leaves the code alone in the sample of a retrieval task, whose first part is the query.
void drop_query(Sketch& sketch);

/// The function with `names` for its identifiers, one each; nothing if it does not parse.
std::optional<std::string> renamed(const Sketch& sketch, const std::vector<std::string>& names);

}  // namespace ncmlab::afraidoor
