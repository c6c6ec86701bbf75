// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace ncmlab {

/// Ways to write one method in two forms that compute different things. `@{first@|second@}` marks
/// where the forms differ. `$` and a letter is a hole for a name: `$f` the method, `$a` array, `$s`
/// string, `$n` number, `$m` other number, `$r` result, `$i` index, `$j` inner index, `$v` value,
/// `$t` temporary. The first line opens the method.
using MethodFamily = std::vector<std::string_view>;

const std::vector<MethodFamily>& method_templates();

}  // namespace ncmlab
