# ncmlab_test(NAME [LABEL unit] [TORCH] SOURCES ... [LINK ...]): one GoogleTest program, each test
# known to CTest under its own name. Tests that link nothing with LibTorch start in milliseconds.
find_package(GTest REQUIRED)
include(GoogleTest)

function(ncmlab_test name)
  cmake_parse_arguments(arg "TORCH" "LABEL" "SOURCES;LINK" ${ARGN})
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ncmlab_flags GTest::gtest_main GTest::gmock ${arg_LINK})
  target_include_directories(${name} PRIVATE
    ${ncmlab_SOURCE_DIR}/tests/support ${ncmlab_SOURCE_DIR}/framework/src)
  if(arg_TORCH)
    target_link_libraries(${name} PRIVATE ncmlab_runtime ncmlab)
    # The precompiled header was built as for a shared library; -fPIE would not match it.
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fPIC)
    target_precompile_headers(${name} REUSE_FROM ncmlab_pch)
  else()
    target_link_libraries(${name} PRIVATE ncmlab_base)
  endif()
  # CTest runs one test per core, each with threads of its own: those that wait must not spin.
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    WORKING_DIRECTORY ${ncmlab_SOURCE_DIR}
    PROPERTIES LABELS ${arg_LABEL} TIMEOUT 600 ENVIRONMENT OMP_WAIT_POLICY=passive)
endfunction()
