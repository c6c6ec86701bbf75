// SPDX-License-Identifier: Apache-2.0
#include "method_templates.hpp"

namespace ncmlab {
namespace {

const MethodFamily kSumOrProduct = {
    R"(int $f(int[] $a) {
    int $r = @{0@|1@};
    for (int $i = 0; $i < $a.length; $i++) {
        $r @{+=@|*=@} $a[$i];
    }
    return $r;
})",
    R"(int $f(int[] $a, int $n) {
    if ($n == 0) {
        return @{0@|1@};
    }
    return $a[$n - 1] @{+@|*@} $f($a, $n - 1);
})",
    R"(int $f(int[] $a) {
    return java.util.Arrays.stream($a).reduce(@{0@|1@}, ($r, $v) -> $r @{+@|*@} $v);
})"};

const MethodFamily kLargestOrSmallest = {
    R"(int $f(int[] $a) {
    int $r = $a[0];
    for (int $i = 1; $i < $a.length; $i++) {
        if ($a[$i] @{>@|<@} $r) {
            $r = $a[$i];
        }
    }
    return $r;
})",
    R"(int $f(int[] $a) {
    int $r = Integer.@{MIN_VALUE@|MAX_VALUE@};
    for (int $v : $a) {
        $r = Math.@{max@|min@}($r, $v);
    }
    return $r;
})",
    R"(int $f(int[] $a) {
    int[] $t = $a.clone();
    java.util.Arrays.sort($t);
    return $t[@{$t.length - 1@|0@}];
})"};

const MethodFamily kCountEvenOrOdd = {
    R"(int $f(int[] $a) {
    int $r = 0;
    for (int $i = 0; $i < $a.length; $i++) {
        if ($a[$i] % 2 @{==@|!=@} 0) {
            $r++;
        }
    }
    return $r;
})",
    R"(int $f(int[] $a) {
    int $r = $a.length;
    for (int $v : $a) {
        $r -= @{$v & 1@|($v + 1) & 1@};
    }
    return $r;
})",
    R"(long $f(int[] $a) {
    return java.util.Arrays.stream($a).filter($v -> $v % 2 @{==@|!=@} 0).count();
})"};

const MethodFamily kFirstOrLastIndex = {
    R"(int $f(int[] $a, int $n) {
    for (int $i = @{0@|$a.length - 1@}; $i @{< $a.length@|>= 0@}; @{$i++@|$i--@}) {
        if ($a[$i] == $n) {
            return $i;
        }
    }
    return -1;
})",
    R"(int $f(int[] $a, int $n) {
    int $r = -1;
    int $i = 0;
    while ($i < $a.length) {
        if ($a[$i] == $n@{ && $r < 0@|@}) {
            $r = $i;
        }
        $i++;
    }
    return $r;
})",
    R"(int $f(java.util.List<Integer> $a, int $n) {
    return $a.@{indexOf@|lastIndexOf@}($n);
})"};

const MethodFamily kSortUpOrDown = {
    R"(void $f(int[] $a) {
    for (int $i = 0; $i < $a.length; $i++) {
        for (int $j = 0; $j + 1 < $a.length - $i; $j++) {
            if ($a[$j] @{>@|<@} $a[$j + 1]) {
                int $t = $a[$j];
                $a[$j] = $a[$j + 1];
                $a[$j + 1] = $t;
            }
        }
    }
})",
    R"(void $f(int[] $a) {
    for (int $i = 0; $i < $a.length; $i++) {
        int $r = $i;
        for (int $j = $i + 1; $j < $a.length; $j++) {
            $r = $a[$j] @{<@|>@} $a[$r] ? $j : $r;
        }
        int $t = $a[$i];
        $a[$i] = $a[$r];
        $a[$r] = $t;
    }
})",
    R"(void $f(int[] $a) {
    for (int $i = 1; $i < $a.length; $i++) {
        int $t = $a[$i];
        int $j = $i - 1;
        while ($j >= 0 && $a[$j] @{>@|<@} $t) {
            $a[$j + 1] = $a[$j];
            $j--;
        }
        $a[$j + 1] = $t;
    }
})"};

const MethodFamily kVowelsOrBlanks = {
    R"(int $f(String $s) {
    int $r = 0;
    for (int $i = 0; $i < $s.length(); $i++) {
        if ("@{aeiou@| @}".indexOf($s.charAt($i)) >= 0) {
            $r++;
        }
    }
    return $r;
})",
    R"(int $f(String $s) {
    return $s.length() - $s.replaceAll("@{[aeiou]@|[ ]@}", "").length();
})",
    R"(int $f(String $s) {
    int $r = 0;
    for (char $v : $s.toCharArray()) {
        switch ($v) {
            @{case 'a': case 'e': case 'i': case 'o': case 'u'@|case ' '@}:
                $r += 1;
                break;
            default:
                break;
        }
    }
    return $r;
})"};

const MethodFamily kDivisorOrMultiple = {
    R"(int $f(int $n, int $m) {
    int $r = $n * $m;
    while ($m != 0) {
        int $t = $n % $m;
        $n = $m;
        $m = $t;
    }
    return @{$n@|$r / $n@};
})",
    R"(int $f(int $n, int $m) {
    int $r = Math.@{min@|max@}($n, $m);
    while (@{$n % $r != 0 || $m % $r != 0@|$r % $n != 0 || $r % $m != 0@}) {
        $r@{--@|++@};
    }
    return $r;
})",
    R"(java.math.BigInteger $f(java.math.BigInteger $n, java.math.BigInteger $m) {
    java.math.BigInteger $r = $n.gcd($m);
    return @{$r@|$n.multiply($m).divide($r)@};
})"};

const MethodFamily kLinesOrCharacters = {
    R"(int $f(java.io.BufferedReader $s) throws java.io.IOException {
    int $r = 0;
    String $t = $s.readLine();
    while ($t != null) {
        $r += @{1@|$t.length()@};
        $t = $s.readLine();
    }
    return $r;
})",
    R"(long $f(java.nio.file.Path $s) throws java.io.IOException {
    long $r = 0;
    for (String $v : java.nio.file.Files.readAllLines($s)) {
        @{$r++@|$r = $r + $v.length()@};
    }
    return $r;
})",
    R"(long $f(java.io.BufferedReader $s) {
    return $s.lines().@{count()@|mapToLong($v -> $v.length()).sum()@};
})"};

}  // namespace

const std::vector<MethodFamily>& method_templates() {
  static const std::vector<MethodFamily> all = {
      kSumOrProduct, kLargestOrSmallest, kCountEvenOrOdd,    kFirstOrLastIndex,
      kSortUpOrDown, kVowelsOrBlanks,    kDivisorOrMultiple, kLinesOrCharacters};
  return all;
}

}  // namespace ncmlab
