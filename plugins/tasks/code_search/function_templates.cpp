// SPDX-License-Identifier: Apache-2.0
#include "function_templates.hpp"

namespace ncmlab {

const std::vector<Term>& objects() {
  static const std::vector<Term> all = {{{"file"}, {"path", "handle", "document"}},
                                        {{"user", "account"}, {"user", "account"}},
                                        {{"order"}, {"order", "purchase"}},
                                        {{"image", "picture"}, {"image", "img"}},
                                        {{"server", "host"}, {"host", "server"}},
                                        {{"message"}, {"message", "msg"}},
                                        {{"product", "article"}, {"product", "item"}},
                                        {{"student", "pupil"}, {"student"}},
                                        {{"node", "vertex"}, {"node", "vertex"}},
                                        {{"packet"}, {"packet", "frame"}},
                                        {{"table"}, {"table", "relation"}},
                                        {{"job", "task"}, {"job", "task"}},
                                        {{"city", "town"}, {"city", "town"}},
                                        {{"sensor"}, {"sensor", "probe"}}};
  return all;
}

const std::vector<Term>& properties() {
  static const std::vector<Term> all = {{{"size"}, {"size", "length"}},
                                        {{"name", "title"}, {"name", "title"}},
                                        {{"age"}, {"age", "created"}},
                                        {{"price", "cost"}, {"price", "cost"}},
                                        {{"weight"}, {"weight", "mass"}},
                                        {{"priority"}, {"priority", "rank"}},
                                        {{"owner"}, {"owner", "holder"}},
                                        {{"distance"}, {"distance", "dist"}},
                                        {{"score", "rating"}, {"score", "rating"}},
                                        {{"version"}, {"version", "revision"}},
                                        {{"colour"}, {"color", "shade"}},
                                        {{"status", "state"}, {"status", "state"}},
                                        {{"timeout"}, {"timeout", "deadline"}},
                                        {{"identifier", "id"}, {"uid", "ident"}},
                                        {{"address"}, {"address", "location"}},
                                        {{"language"}, {"language", "lang"}},
                                        {{"temperature"}, {"temperature", "heat"}},
                                        {{"speed", "velocity"}, {"speed", "velocity"}},
                                        {{"checksum"}, {"checksum", "digest"}},
                                        {{"balance"}, {"balance", "amount"}},
                                        {{"level"}, {"level", "depth"}},
                                        {{"duration"}, {"duration", "elapsed"}},
                                        {{"country"}, {"country", "region"}},
                                        {{"capacity"}, {"capacity", "volume"}}};
  return all;
}

const std::vector<FunctionTemplate>& function_templates() {
  static const std::vector<FunctionTemplate> all = {
      {{"largest", "find", "max"},
       {"Return the $o with the highest $k.", "Find the $o that has the largest $k of all."},
       {"def $f($c):\n    $r = None\n    for $o in $c:\n        if $r is None or $o.$k > $r.$k:\n"
        "            $r = $o\n    return $r\n",
        "def $f($c):\n    return max($c, key=lambda $o: $o.$k)\n"}},
      {{"smallest", "find", "min"},
       {"Return the $o with the lowest $k.", "Find the $o that has the smallest $k of all."},
       {"def $f($c):\n    $r = None\n    for $o in $c:\n        if $r is None or $o.$k < $r.$k:\n"
        "            $r = $o\n    return $r\n",
        "def $f($c):\n    return min($c, key=lambda $o: $o.$k)\n"}},
      {{"total", "sum", "add"},
       {"Compute the total $k of every $o.", "Add up the $k over each $o."},
       {"def $f($c):\n    $r = 0\n    for $o in $c:\n        $r += $o.$k\n    return $r\n",
        "def $f($c):\n    return sum($o.$k for $o in $c)\n"}},
      {{"average", "mean"},
       {"Compute the average $k per $o.", "Return the mean of the $k for each $o."},
       {"def $f($c):\n    $r = 0\n    for $o in $c:\n        $r += $o.$k\n"
        "    return $r / len($c)\n",
        "def $f($c):\n    return sum($o.$k for $o in $c) / float(len($c))\n"}},
      {{"sort", "order", "arrange"},
       {"Sort each $o by its $k.", "Arrange every $o in the order of $k."},
       {"def $f($c):\n    return sorted($c, key=lambda $o: $o.$k)\n",
        "def $f($c):\n    $r = list($c)\n    $r.sort(key=lambda $o: $o.$k)\n    return $r\n"}},
      {{"group", "collect"},
       {"Group each $o by $k.", "Build a dictionary from $k to every such $o."},
       {"def $f($c):\n    $r = {}\n    for $o in $c:\n        $r.setdefault($o.$k, []).append($o)\n"
        "    return $r\n",
        "def $f($c):\n    $r = {}\n    for $o in $c:\n        if $o.$k not in $r:\n"
        "            $r[$o.$k] = []\n        $r[$o.$k].append($o)\n    return $r\n"}},
      {{"filter", "select", "above"},
       {"Keep each $o whose $k exceeds a limit.", "Select every $o with a $k above the bound."},
       {"def $f($c, $n):\n    return [$o for $o in $c if $o.$k > $n]\n",
        "def $f($c, $n):\n    $r = []\n    for $o in $c:\n        if $o.$k > $n:\n"
        "            $r.append($o)\n    return $r\n"}},
      {{"count", "number"},
       {"Count how often an $o has the given $k.", "Return the number of times $k is met in a $o."},
       {"def $f($c, $n):\n    $r = 0\n    for $o in $c:\n        if $o.$k == $n:\n"
        "            $r += 1\n    return $r\n",
        "def $f($c, $n):\n    return sum(1 for $o in $c if $o.$k == $n)\n"}},
      {{"has", "check", "any"},
       {"Check whether any $o has a $k.", "Tell if some $o exists for which the $k is set."},
       {"def $f($c):\n    for $o in $c:\n        if $o.$k:\n            return True\n"
        "    return False\n",
        "def $f($c):\n    return any($o.$k for $o in $c)\n"}},
      {{"update", "set", "assign"},
       {"Set the $k of a $o.", "Assign a new $k to the given $o."},
       {"def $f($o, $n):\n    $r = $o.$k\n    $o.$k = $n\n    return $r\n",
        "def $f($o, $n):\n    setattr($o, \"$k\", $n)\n    return $o\n"}},
      {{"remove", "drop", "discard"},
       {"Remove each $o that lacks a $k.", "Drop every $o for which no $k is known."},
       {"def $f($c):\n    return [$o for $o in $c if $o.$k is not None]\n",
        "def $f($c):\n    for $o in list($c):\n        if $o.$k is None:\n"
        "            $c.remove($o)\n    return $c\n"}},
      {{"print", "show", "display"},
       {"Print the $k of each $o.", "Show a line with the $k for every $o."},
       {"def $f($c):\n    for $o in $c:\n        print($o.$k)\n",
        "def $f($c, $n=None):\n    for $r, $o in enumerate($c):\n"
        "        print(\"%d: %s\" % ($r, $o.$k))\n"}}};
  return all;
}

}  // namespace ncmlab
