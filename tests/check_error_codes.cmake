# cmake -DROOT=FOLDER -P check_error_codes.cmake
#
# Fails when the sources of ROOT hold a diagnostic code that no test of ROOT expects. A code that a
# test only mentions in a comment or throws itself is not expected.
cmake_minimum_required(VERSION 3.25)

# Codes that no test can provoke.
set(unprovoked
    code.grammar)  # needs a tree-sitter library of another version than the one that is installed

# What has the shape of a code and is none: names of files and tensors, parts of keys.
string(CONCAT no_code
       "\\.(hpp|cpp|json|jsonl|txt|safetensors|gz|bin|pkl|so|weight|bias|dense)$|"
       "^(software|torch|training)\\.|^(engine\\.version|train\\.losses)$")
set(code "[a-z]+(\\.[a-z0-9_]+)*\\.[a-z0-9-]+")

file(GLOB_RECURSE files RELATIVE ${ROOT}
     ${ROOT}/framework/*.cpp ${ROOT}/framework/*.hpp ${ROOT}/plugins/*.cpp ${ROOT}/plugins/*.hpp
     ${ROOT}/tests/*.cpp ${ROOT}/tests/*.hpp ${ROOT}/tests/*.txt)
foreach(file ${files})
  file(READ ${ROOT}/${file} text)
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  if(file MATCHES "^tests/|/test/")
    string(REGEX REPLACE "(Error\\([ \n]*|\\.code = )\"${code}\"" "" text "${text}")
    string(REGEX MATCHALL "${code}" found "${text}")
    list(APPEND expected ${found})
  else()
    string(REGEX MATCHALL "\"${code}\"" found "${text}")
    list(APPEND codes ${found})
  endif()
endforeach()

list(REMOVE_DUPLICATES codes)
list(TRANSFORM codes REPLACE "\"" "")
list(FILTER codes EXCLUDE REGEX "${no_code}")
foreach(each ${codes})
  if(NOT each IN_LIST expected AND NOT each IN_LIST unprovoked)
    message(NOTICE "`${each}` is expected by no test: provoke it in one, or remove it")
    set(has_misfit TRUE)
  endif()
endforeach()
foreach(each ${unprovoked})
  if(each IN_LIST expected OR NOT each IN_LIST codes)
    message(NOTICE "`${each}` is no exception any more: a test expects it, or it is gone")
    set(has_misfit TRUE)
  endif()
endforeach()
if(has_misfit)
  message(FATAL_ERROR "codes and tests do not fit")
endif()
