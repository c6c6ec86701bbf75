// SPDX-License-Identifier: Apache-2.0
#include "defect_pattern_lists.hpp"
#include "defect_patterns.hpp"

namespace ncmlab {

std::vector<DefectPattern> bounds_check_patterns() {
  return {
      {"const @(int@|char@|long@) *$a, size_t $n, size_t $i",
       R"(@{if ($i >= $n) $R
@|@}int $x = $a[$i];)",
       "$x"},
      {"@(int@|char@|float@) *$a, size_t $i, size_t $n",
       R"(if ($i @{<@|<=@} $n)
    $a[$i] @(= 0@|+= 1@|= $K@);)",
       ""},
      {"const @(int@|char@|short@) *$a, int $n, int $i",
       R"(@{if ($i < 0 || $i >= $n) $R
@|@}int $x = $a[$i];)",
       "$x"},
      {"@(int@|char@|long@) *$a, int $n, int $i, int $v",
       R"(if ($i >= 0 @{&&@|||@} $i < $n)
    $a[$i] = $v;)",
       ""},
      {"const char *$s, size_t $n",
       R"(char $a[$K];
@{if ($n > sizeof($a)) $R
@|@}memcpy($a, $s, $n);
$h($a, $n);)",
       ""},
      {"const char *$s, size_t $n",
       R"(char $a[$K];
@{if ($n > $K)
    $n = $K;
@|@}memcpy($a, $s, $n);
$h($a, $n);)",
       ""},
      {"const char *$a, size_t $n",
       R"(size_t $i = 0;
while (@{$i < $n && @|@}$a[$i] != $c)
    $i++;)",
       "$i"},
      {"const char *$s",
       R"(char $a[$K];
@{snprintf($a, sizeof($a), "%s", $s);@|@(strcpy($a, $s);@|sprintf($a, "%s", $s);@)@}
$h($a);)",
       ""},
      {"const char *$s",
       R"(char $a[$K];
@{if (strlen($s) >= sizeof($a)) $R
@|@}strcpy($a, $s);
$h($a);)",
       ""},
  };
}

std::vector<DefectPattern> off_by_one_patterns() {
  return {
      {"const @(int@|char@|short@) *$a, int $n",
       R"(int $x = 0;
for (int $j = 0; $j @{<@|<=@} $n; $j++)
    $x += $a[$j];)",
       "$x"},
      {"const @(int@|long@|short@) *$a, int $n",
       R"(int $x = 0;
for (int $j = 1; $j <= $n; $j++)
    $x += $a[$j@{ - 1@|@}];)",
       "$x"},
      {"@(int@|long@|char@) *$a, int $n",
       R"(for (int $j = $n@{ - 1@|@}; $j >= 0; $j--)
    $a[$j] = @(0@|$j@|$K@);)",
       ""},
      {"const @(int@|char@) *$a, int $n",
       R"(int $x = 0;
for (int $j = 0; $j < $n@{ - 1@|@}; $j++)
    if ($a[$j] > $a[$j + 1])
        $x++;)",
       "$x"},
      {"int $v",
       R"(char $a[$K];
ssize_t $n = read($v, $a, sizeof($a)@{ - 1@|@});
if ($n < 0) $R
$a[$n] = '\0';
$h($a);)",
       ""},
      {"const char *$s",
       R"(char *$a = malloc(strlen($s)@{ + 1@|@});
if ($0a) $R
strcpy($a, $s);
$h($a);
free($a);)",
       ""},
      {"@(int@|char@) *$a, const @(int@|char@) *$s, int $n",
       R"(int $j = 0;
while ($j @{<@|<=@} $n) {
    $a[$j] = $s[$j];
    $j++;
})",
       "$j"},
      {"",
       R"(int $a[$K];
for (int $j = 0; $j @{<@|<=@} $K; $j++)
    $a[$j] = @(0@|-1@|$j@);
$h($a, $K);)",
       ""},
  };
}

}  // namespace ncmlab
