# cmake -DINCLUDE=framework/include -P header_digest.cmake: writes ncmlab/plugin/header_digest.hpp with
# one digest per folder of public headers, if that changes it. With -DCHECK=ON it writes nothing and
# fails where the file is stale.
#
# Comments and the amount of blank space do not count. A header in which a comment's beginning may
# stand inside a literal, or a block comment anywhere, is taken byte by byte.
get_filename_component(INCLUDE ${INCLUDE} ABSOLUTE)
set(target ${INCLUDE}/ncmlab/plugin/header_digest.hpp)
file(GLOB_RECURSE headers RELATIVE ${INCLUDE}/ncmlab ${INCLUDE}/ncmlab/*.hpp)
list(REMOVE_ITEM headers plugin/header_digest.hpp)
list(SORT headers)

set(folders)
foreach(header IN LISTS headers)
  file(READ ${INCLUDE}/ncmlab/${header} text)
  if(NOT text MATCHES "/\\*|R\"|\"[^\"\n]*//[^\"\n]*\"")
    string(REGEX REPLACE "//[^\n]*" "" text "${text}")
    string(REGEX REPLACE "[ \t\r\n]+" " " text "${text}")
  endif()
  string(SHA256 digest "${text}")
  string(REGEX REPLACE "/.*" "" folder ${header})
  string(APPEND lines_${folder} "${header} ${digest}\n")
  list(APPEND folders ${folder})
endforeach()
list(REMOVE_DUPLICATES folders)

# A blank line between the rows lets Git merge changes to two of them.
set(rows)
foreach(folder IN LISTS folders)
  string(SHA256 digest "${lines_${folder}}")
  string(SUBSTRING ${digest} 0 16 digest)
  string(APPEND rows "    {\"${folder}\", 0x${digest}},\n\n")
endforeach()
string(REGEX REPLACE "\n\n$" "\n" rows "${rows}")

set(wanted "// SPDX-License-Identifier: Apache-2.0
// Written by the build (framework/cmake/header_digest.cmake): committed with the headers that it
// describes, never edited. After a conflict here, build and commit what the build writes.
#pragma once

#include <cstdint>
#include <string_view>

namespace ncmlab::detail {

/// A folder below `ncmlab/` and the digest of its headers.
struct HeaderDigest {
  std::string_view folder;
  std::uint64_t digest;
};

inline constexpr HeaderDigest kHeaderDigests[] = {
${rows}};

}  // namespace ncmlab::detail
")
set(found "")
if(EXISTS ${target})
  file(READ ${target} found)
endif()
if(found STREQUAL wanted)
  return()
elseif(CHECK)
  message(FATAL_ERROR "${target} does not fit the headers beside it: build, and commit what the "
    "build writes. Expected:\n${wanted}")
endif()
file(WRITE ${target} "${wanted}")
