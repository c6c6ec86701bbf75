# ncmlab_test(NAME [LABEL unit] [TORCH] SOURCES ... [LINK ...]): one GoogleTest program. Tests that link
# nothing with LibTorch start in milliseconds.
find_package(GTest REQUIRED)
include(GoogleTest)

# What tests test is optimised, tests are not: their code is large, runs once, and takes most of the
# compile time. They share headers of their own, since a precompiled header serves one set of flags.
function(ncmlab_add_test_pch name)
  add_library(${name} OBJECT ${ncmlab_SOURCE_DIR}/framework/src/precompiled.cxx)
  target_link_libraries(${name} PRIVATE ncmlab_flags ncmlab_test_flags GTest::gmock
    nlohmann_json::nlohmann_json)
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_precompile_headers(${name} PRIVATE <gmock/gmock.h> <nlohmann/json.hpp> ${ARGN})
endfunction()
add_library(ncmlab_test_flags INTERFACE)
target_compile_options(ncmlab_test_flags INTERFACE -O0 -fPIC)
ncmlab_add_test_pch(ncmlab_test_pch)
ncmlab_add_test_pch(ncmlab_torch_test_pch <torch/autograd.h> <torch/types.h>)
target_link_libraries(ncmlab_torch_test_pch PRIVATE ncmlab_torch)

function(ncmlab_test name)
  cmake_parse_arguments(arg "TORCH" "LABEL" "SOURCES;LINK" ${ARGN})
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE
    ncmlab_flags ncmlab_test_flags GTest::gtest_main GTest::gmock ${arg_LINK})
  # The precompiled headers were built without -fPIE.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_include_directories(${name} PRIVATE
    ${ncmlab_SOURCE_DIR}/tests/support ${ncmlab_SOURCE_DIR}/framework/src)
  if(arg_TORCH)
    target_link_libraries(${name} PRIVATE ncmlab_runtime ncmlab)
    target_precompile_headers(${name} REUSE_FROM ncmlab_torch_test_pch)
  else()
    target_link_libraries(${name} PRIVATE ncmlab_base)
    target_precompile_headers(${name} REUSE_FROM ncmlab_test_pch)
  endif()
  # CTest runs one test per core, each with threads of its own: those that wait must not spin.
  set(properties LABELS ${arg_LABEL} ENVIRONMENT OMP_WAIT_POLICY=passive)
  # A program that links with LibTorch takes half a second to start, so that it is run whole. Where a
  # test can skip, CTest has to see it: each is run by itself.
  set(can_skip FALSE)
  set(sources ${arg_SOURCES})
  list(FILTER sources INCLUDE REGEX "\\.cpp$")
  foreach(source ${sources})
    file(STRINGS ${source} places REGEX "(shared_data|golden_case|real_functions)\\.hpp|GTEST_SKIP" LIMIT_COUNT 1)
    if(places)
      set(can_skip TRUE)
    endif()
  endforeach()
  if(can_skip)
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 WORKING_DIRECTORY ${ncmlab_SOURCE_DIR}
      PROPERTIES ${properties} TIMEOUT 600)
  else()
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1 WORKING_DIRECTORY ${ncmlab_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES ${properties} TIMEOUT 1800
      FAIL_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
  endif()
endfunction()
