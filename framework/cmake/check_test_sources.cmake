# cmake -DKNOWN=FILE -DROOT=FOLDER -P check_test_sources.cmake
#
# Fails when ROOT holds a test that is not among the paths in KNOWN: it would never be compiled.
cmake_minimum_required(VERSION 3.25)
file(STRINGS ${KNOWN} known)
file(GLOB_RECURSE tests ${ROOT}/tests/*_test.cpp ${ROOT}/plugins/*_test.cpp)
foreach(test ${tests})
  if(NOT test IN_LIST known)
    cmake_path(RELATIVE_PATH test BASE_DIRECTORY ${ROOT} OUTPUT_VARIABLE name)
    message(NOTICE "`${name}` belongs to no target: name it in a CMakeLists.txt")
    set(has_stray TRUE)
  endif()
endforeach()
if(has_stray)
  message(FATAL_ERROR "tests that are never compiled")
endif()
