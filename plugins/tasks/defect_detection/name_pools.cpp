// SPDX-License-Identifier: Apache-2.0
#include "name_pools.hpp"

#include <cctype>

namespace ncmlab {
namespace {

using Pool = std::vector<std::string_view>;

const Pool kArrays = {"buf",   "buffer",  "data",   "items", "table", "values", "samples",
                      "list",  "entries", "array",  "dst",   "dest",  "out",    "output",
                      "cells", "slots",   "pixels", "block", "chunk", "page"};
const Pool kStrings = {"name", "path",  "text",  "str",  "src", "source",  "input", "label",
                       "key",  "title", "token", "word", "msg", "message", "file",  "url"};
const Pool kSizes = {"len",   "size", "count", "n",     "num",   "length", "total",
                     "limit", "max",  "width", "depth", "nelem", "nbytes", "cap"};
const Pool kIndices = {"idx",   "index",  "pos", "at",    "slot",
                       "where", "offset", "off", "which", "cur"};
const Pool kCounters = {"i", "j", "k", "m", "p", "q", "t", "u"};
const Pool kResults = {"sum",   "result", "ret", "rc",   "res",   "acc",    "hits", "found",
                       "score", "val",    "got", "best", "state", "status", "code", "answer"};
const Pool kValues = {"value", "v",    "x", "mode", "flags", "type", "fd",   "arg",
                      "delta", "base", "w", "h",    "rate",  "kind", "port", "shift"};
const Pool kPointers = {"node", "item", "entry", "obj", "ctx", "self", "dev", "conn",
                        "req",  "task", "elem",  "rec", "cfg", "info", "pkt", "sess"};
const Pool kDivisors = {"div",   "scale", "unit", "parts", "ratio", "factor", "groups",
                        "steps", "rows",  "cols", "d",     "denom", "period", "stride"};
const Pool kStreams = {"fp", "f", "file", "in", "stream", "log", "fh", "handle"};
const Pool kIntFields = {"size", "count", "len",    "id",   "state", "flags", "type",  "refs",
                         "mode", "width", "height", "used", "value", "level", "total", "index"};
const Pool kLinkFields = {"next", "prev", "parent", "left", "right", "child", "link", "tail"};
const Pool kMemoryFields = {"data", "buf", "name", "text", "body", "path", "payload", "items"};
const Pool kTags = {"node",   "item",   "entry",   "device", "conn", "request", "task",  "record",
                    "config", "packet", "session", "object", "user", "timer",   "frame", "page"};
const Pool kConstants = {"2", "4", "8", "10", "16", "20", "32", "64", "100", "128", "256", "512"};
const Pool kCharacters = {"':'", "','", "' '", "'/'", "'.'", "'='", "'x'", "';'"};
const Pool kLabels = {"out", "done", "cleanup", "end", "fail", "exit", "finish"};
const Pool kVerbs = {"get",   "set",   "read",   "write", "parse", "load",    "store",  "update",
                     "init",  "check", "find",   "copy",  "add",   "remove",  "handle", "process",
                     "send",  "recv",  "make",   "build", "reset", "compute", "apply",  "fetch",
                     "open",  "close", "push",   "pop",   "scan",  "format",  "encode", "decode",
                     "merge", "split", "append", "insert"};
const Pool kNouns = {"buffer",  "header", "node",    "list",   "table", "entry", "packet", "frame",
                     "config",  "option", "value",   "string", "name",  "path",  "file",   "line",
                     "record",  "device", "block",   "page",   "cache", "index", "key",    "map",
                     "stream",  "token",  "field",   "item",   "event", "timer", "state",  "queue",
                     "pixel",   "image",  "color",   "sample", "audio", "video", "client", "server",
                     "session", "user",   "message", "request"};
const Pool kOperators = {"/", "%"};
const Pool kTexts = {"\"ok\"", "\"end\"", "\"done\"", "\"error\"", "\"start\"", "\"\\n\""};
const Pool kNone;

}  // namespace

const std::vector<std::string_view>& name_pool(char letter) {
  switch (letter) {
    case 'a':
      return kArrays;
    case 's':
      return kStrings;
    case 'n':
      return kSizes;
    case 'i':
      return kIndices;
    case 'j':
      return kCounters;
    case 'x':
      return kResults;
    case 'v':
      return kValues;
    case 'p':
      return kPointers;
    case 'd':
      return kDivisors;
    case 'u':
      return kStreams;
    case 'f':
      return kIntFields;
    case 'g':
      return kLinkFields;
    case 'm':
      return kMemoryFields;
    case 'T':
      return kTags;
    case 'K':
      return kConstants;
    case 'c':
      return kCharacters;
    case 'o':
      return kOperators;
    case 'q':
      return kTexts;
    case 'L':
      return kLabels;
    default:
      return kNone;
  }
}

std::string random_function_name(Rng& rng) {
  std::vector<std::string> words;
  if (rng.chance(0.2)) {
    words.emplace_back(rng.pick(kNouns));
  }
  words.emplace_back(rng.pick(kVerbs));
  words.emplace_back(rng.pick(kNouns));
  const bool camel = rng.chance(0.25);
  std::string name = words.front();
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (camel) {
      words[i].front() =
          static_cast<char>(std::toupper(static_cast<unsigned char>(words[i].front())));
    } else {
      name += '_';
    }
    name += words[i];
  }
  return name;
}

}  // namespace ncmlab
