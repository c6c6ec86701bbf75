// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "engine/record.hpp"

namespace ncmlab {

/// The records under labels that tell configurations apart: where one label of an axis stands for
/// several, as in the records of two experiments, what differs is added to it, as in
/// `devign[files=3f2a9c1d]` or `codebert[max_tokens=256]`. Settings come first; digests of data, of
/// the framework and of plugins are added where these do not suffice. Records that have the same
/// labels in the end differ by their seeds only. Throws Error `usage.conflicting-records` where the
/// controls `none` differ, which keep their label.
std::vector<CellRecord> told_apart(std::vector<CellRecord> records);

/// The names of the parts in which two configurations differ, in backticks, with commas.
std::string differing_parts(const std::map<std::string, std::string>& a,
                            const std::map<std::string, std::string>& b);

}  // namespace ncmlab
