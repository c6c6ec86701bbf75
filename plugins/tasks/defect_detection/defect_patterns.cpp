// SPDX-License-Identifier: Apache-2.0
#include "defect_patterns.hpp"

#include <array>

#include "defect_pattern_lists.hpp"

namespace ncmlab {

std::vector<DefectPattern> division_patterns() {
  return {
      {"int $v, int $d",
       R"(@{if ($d == 0) $R
@|@}int $x = $v $o $d;)",
       "$x"},
      {"int $v, int $d", R"(int $x = @{$d != 0 ? $v $o $d : 0@|$v $o $d@};)", "$x"},
      {"unsigned int $v, unsigned int $d",
       R"(unsigned int $x = 0;
@{if ($d != 0)
    $x = $v $o $d;@|$x = $v $o $d;@})",
       "$x"},
      {"int $v, int $d", R"(if (@{$d != 0 && @|@}$v $o $d > $K) $R)", ""},
      {"const struct $T *$p, int $v",
       R"(@{if ($p->$f == 0) $R
@|@}int $x = $v $o $p->$f;)",
       "$x"},
      {"struct $T *$p, int $d",
       R"(@{if ($d == 0)
    $d = 1;
@|@}$p->$f $o= $d;)",
       ""},
  };
}

const std::vector<DefectPattern>& defect_patterns(DefectKind kind) {
  static const std::array<std::vector<DefectPattern>, kDefectKinds> lists = {
      bounds_check_patterns(),   off_by_one_patterns(), null_check_patterns(),
      use_after_free_patterns(), leak_patterns(),       division_patterns(),
  };
  return lists.at(static_cast<std::size_t>(kind));
}

const std::vector<DefectPattern>& neutral_patterns() {
  static const std::vector<DefectPattern> list = {
      {"int $n", R"(int $x = 1;
for (int $j = @(1@|2@); $j <= $n; $j++)
    $x *= $j;)",
       "$x"},
      {"int $v", R"(if ($v @(>@|>=@|<@) $K)
    $v = $K;)",
       "$v"},
      {"const char *$s", R"(if (strcmp($s, @("none"@|"auto"@|"-"@|"all"@)) == 0) $R)", ""},
      {"unsigned int $v", R"(unsigned int $x = ($v << @(3@|5@|7@)) ^ $K;)", "$x"},
      {"int $v, int $n", R"(int $x = $v > $n ? $v : $n;)", "$x"},
      {"int $v", R"(if ($v < 0 || $v @(>@|>=@|<=@) $K) $R)", ""},
      {"int $v, int $n", R"(if ($v > 0 && $n @(>@|<@) $K)
    $h($v, $n);)",
       ""},
      {"int $v", R"(switch ($v) {
case $K:
    $h($v);
    break;
default:
    $v = 0;
})",
       "$v"},
      {"int $n", R"(int $x = 0;
while ($n > 0) {
    $x += $n @(% 10@|& 1@);
    $n @(/= 10@|>>= 1@);
})",
       "$x"},
      {"struct $T *$p", R"(if ($1p)
    $p->$f = @(0@|1@|$K@);)",
       ""},
      {"int $v", R"(int $x = $h($v);
if ($x @(< 0@|!= 0@|== 0@)) $R)",
       "$x"},
      {"const char *$s", R"(int $x = 0;
while (*$s != '\0') {
    if (*$s == $c)
        $x++;
    $s++;
})",
       "$x"},
  };
  return list;
}

}  // namespace ncmlab
