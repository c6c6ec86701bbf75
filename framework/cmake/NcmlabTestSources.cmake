# ncmlab_check_test_sources(): the CTest test `test_sources` fails when a file *_test.cpp of the tree
# belongs to no target, `test_sources.finds_a_stray` when such a file goes unnoticed. To be called
# after all folders were added.
function(ncmlab_collect_test_sources folder result)
  set(found)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(sources ${target} SOURCES)
    get_target_property(base ${target} SOURCE_DIR)
    foreach(source ${sources})
      if(source MATCHES "_test\\.cpp$")
        cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${base} NORMALIZE)
        list(APPEND found ${source})
      endif()
    endforeach()
  endforeach()
  get_property(subfolders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(subfolder ${subfolders})
    ncmlab_collect_test_sources(${subfolder} deeper)
    list(APPEND found ${deeper})
  endforeach()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

set(NCMLAB_TEST_SOURCE_CHECK ${CMAKE_CURRENT_LIST_DIR}/check_test_sources.cmake)

function(ncmlab_check_test_sources)
  ncmlab_collect_test_sources(${PROJECT_SOURCE_DIR} known)
  set(list ${PROJECT_BINARY_DIR}/test_sources.txt)
  list(JOIN known "\n" text)
  file(WRITE ${list} "${text}\n")
  add_test(NAME test_sources
    COMMAND ${CMAKE_COMMAND} -DKNOWN=${list} -DROOT=${PROJECT_SOURCE_DIR}
            -P ${NCMLAB_TEST_SOURCE_CHECK})
  set(stray ${PROJECT_BINARY_DIR}/stray_test_source)
  file(WRITE ${stray}/plugins/attacks/stray/test/stray_test.cpp "")
  add_test(NAME test_sources.finds_a_stray
    COMMAND ${CMAKE_COMMAND} -DKNOWN=${list} -DROOT=${stray} -P ${NCMLAB_TEST_SOURCE_CHECK})
  set_tests_properties(test_sources.finds_a_stray PROPERTIES
    PASS_REGULAR_EXPRESSION "plugins/attacks/stray/test/stray_test.cpp` belongs to no target")
endfunction()
