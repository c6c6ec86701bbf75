# ncmlab_add_plugin(KIND NAME SOURCES ... [TESTS ...] [LINK ...])
#
# Builds libncmlab_KIND_NAME.so, which exports the symbol ncmlab_plugin_v4 and nothing else, and
# registers its tests, among them the check of its exports.
set(NCMLAB_PLUGIN_EXPORTS ${CMAKE_CURRENT_LIST_DIR}/plugin_exports.map)

function(ncmlab_add_plugin kind name)
  cmake_parse_arguments(arg "" "" "SOURCES;TESTS;LINK" ${ARGN})
  set(target ncmlab_${kind}_${name})
  # Compiled once, for the library and its tests.
  add_library(${target}_objects OBJECT ${arg_SOURCES})
  target_link_libraries(${target}_objects PRIVATE
    ncmlab_flags ncmlab::plugin Boost::headers ${arg_LINK})
  target_compile_definitions(${target}_objects PRIVATE BOOST_DLL_USE_STD_FS)
  if(TARGET ncmlab_pch)
    target_precompile_headers(${target}_objects REUSE_FROM ncmlab_pch)
  endif()
  add_library(${target} MODULE $<TARGET_OBJECTS:${target}_objects>)
  target_link_libraries(${target} PRIVATE ncmlab_flags ncmlab::plugin ${arg_LINK})
  target_link_options(${target} PRIVATE
    -Wl,--no-undefined -Wl,--version-script,${NCMLAB_PLUGIN_EXPORTS})
  set_property(GLOBAL APPEND PROPERTY NCMLAB_PLUGIN_TARGETS ${target})
  set_target_properties(${target} PROPERTIES
    LINKER_LANGUAGE CXX
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/ncmlab/plugins)
  if(BUILD_TESTING OR NCMLAB_BUILD_TESTS)
    if(arg_TESTS)
      ncmlab_test(${kind}_${name}_test TORCH LABEL plugin SOURCES ${arg_TESTS}
                  $<TARGET_OBJECTS:${target}_objects>
                  LINK ncmlab_plugin_interface Boost::headers ${arg_LINK})
      target_include_directories(${kind}_${name}_test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
      target_compile_definitions(${kind}_${name}_test PRIVATE BOOST_DLL_USE_STD_FS)
    endif()
    add_test(NAME ${kind}_${name}.exports
      COMMAND ${CMAKE_COMMAND} -DLIBRARY=$<TARGET_FILE:${target}>
              -P ${NCMLAB_PLUGIN_EXPORT_CHECK})
  endif()
endfunction()
set(NCMLAB_PLUGIN_EXPORT_CHECK ${CMAKE_CURRENT_LIST_DIR}/check_exports.cmake)
