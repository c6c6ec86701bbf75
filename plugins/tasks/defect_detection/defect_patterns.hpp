// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace ncmlab {

enum class DefectKind {
  bounds_check,
  off_by_one,
  null_check,
  use_after_free,
  leak_on_return,
  division,
};

inline constexpr int kDefectKinds = 6;

/// A few statements in two forms, sound and defective, with holes for names.
///
/// `@{sound@|defective@}` marks where the forms differ, `@(a@|b@)` a choice that both share.
/// `$` and a letter (and a digit, to tell two of a kind apart) is a hole, filled alike wherever it
/// stands: `$a` array, `$s` string, `$n` size, `$i` index, `$j` loop counter, `$x` result,
/// `$v` value, `$p` struct pointer, `$d` divisor, `$u` FILE pointer, `$f` integer field,
/// `$g` link field, `$m` field that points to memory, `$T` struct tag, `$K` constant,
/// `$c` character, `$o` division operator, `$q` string literal, `$h` called function, `$L` label.
/// `$0p` and `$1p` test pointer `$p` for null and not null. `$R` after a condition leaves the
/// function as on an error, `$r` is that same statement inside a block.
struct DefectPattern {
  std::string_view parameters;  ///< what the function must take, comma separated
  std::string_view statements;  ///< one per line, blocks indented by four blanks
  std::string_view result;      ///< the value worth returning, or empty
  bool ends_function = false;   ///< has its own label and return; the function returns int
};

/// The patterns of one kind of defect.
const std::vector<DefectPattern>& defect_patterns(DefectKind kind);

/// Sound statements that belong to no kind of defect (both forms are the same).
const std::vector<DefectPattern>& neutral_patterns();

}  // namespace ncmlab
