// SPDX-License-Identifier: Apache-2.0
#include "defect_pattern_lists.hpp"
#include "defect_patterns.hpp"

namespace ncmlab {

std::vector<DefectPattern> null_check_patterns() {
  return {
      {"size_t $n, struct $T *$p",
       R"(char *$a = malloc($n);
@{if ($0a) $R
@|@}memset($a, 0, $n);
$p->$m = $a;)",
       ""},
      {"char *$s",
       R"(char *$a = @(strchr@|strrchr@)($s, $c);
@{if ($1a)
    *$a = '\0';@|*$a = '\0';@})",
       ""},
      {"struct $T *$p",
       R"(if ($p != NULL @{&&@|||@} $p->$f > $K)
    $p->$f = @(0@|$K@);)",
       ""},
      {"const char *$s",
       R"(FILE *$u = fopen($s, @("r"@|"rb"@));
@{if ($0u) $R
@|@}int $x = fgetc($u);
fclose($u);)",
       "$x"},
      {"struct $T *$p, int $v",
       R"(while (@{$1p && @|@}$p->$f != $v)
    $p = $p->$g;)",
       ""},
      {"const char *$s",
       R"(const char *$a = getenv($s);
int $x = @{$1a ? atoi($a) : 0@|atoi($a)@};)",
       "$x"},
  };
}

std::vector<DefectPattern> use_after_free_patterns() {
  return {
      {"struct $T *$p",
       R"(@{int $x = $p->$f;
free($p);
$h($x);@|free($p);
$h($p->$f);@})",
       ""},
      {"struct $T *$p",
       R"(while ($1p) {
    @{struct $T *$p2 = $p->$g;
    free($p);
    $p = $p2;@|free($p);
    $p = $p->$g;@}
})",
       ""},
      {"struct $T *$p, int $v",
       R"(if ($v @(> $K@|== $K@|< 0@)) {
    free($p->$m);
    @{$p->$m = NULL;
@|@}}
free($p->$m);)",
       ""},
      {"char *$a, int $v",
       R"(if ($v @(> $K@|== $K@|< 0@)) {
    free($a);
@{    $r
@|@}}
$h($a, $v);)",
       ""},
      {"struct $T *$p",
       R"(free($p->$m);
@{$p->$m = NULL;@|$p->$m[0] = '\0';@})",
       ""},
      {"char *$a, size_t $n",
       R"(free($a);
$a = @{malloc($n)@|realloc($a, $n)@};
if ($0a) $R
$h($a, $n);)",
       ""},
  };
}

std::vector<DefectPattern> leak_patterns() {
  return {
      {"size_t $n, struct $T *$p",
       R"(char *$a = malloc($n);
if ($0a) $R
if ($h($a, $n) < 0) {
    @{free($a);
    $r@|$r@}
}
$p->$m = $a;)",
       ""},
      {"const char *$s, struct $T *$p",
       R"(FILE *$u = fopen($s, "r");
if ($0u) $R
if (fgetc($u) == EOF) {
    @{fclose($u);
    $r@|$r@}
}
$h($p, $u);)",
       ""},
      {"const char *$s, int $v",
       R"(int $v2 = open($s, O_RDONLY);
if ($v2 < 0) $R
if ($h($v2) @(< 0@|!= 0@|> $K@)) {
    @{close($v2);
    $r@|$r@}
}
$h2($v2, $v);)",
       ""},
      {"size_t $n, int $v",
       R"(int $x = -1;
char *$a = malloc($n);
if ($0a)
    return -1;
if ($v @(< 0@|> $K@|== 0@))
    @{goto $L@|return -1@};
$x = $h($a, $n);
$L:
free($a);
return $x;)",
       "", true},
      {"const char *$s",
       R"(char *$a = strdup($s);
if ($0a) $R
int $x = @(atoi@|strlen@)($a);@{
free($a);@|@})",
       "$x"},
  };
}

}  // namespace ncmlab
