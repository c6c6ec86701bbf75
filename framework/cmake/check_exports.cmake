# Fails unless LIBRARY exports ncmlab_plugin_v4 and nothing else.
execute_process(COMMAND nm -D --defined-only ${LIBRARY} OUTPUT_VARIABLE symbols RESULT_VARIABLE status)
string(REGEX REPLACE "[0-9a-f]+ [A-Za-z] " "" names "${symbols}")
string(STRIP "${names}" names)
if(NOT status EQUAL 0 OR NOT names STREQUAL "ncmlab_plugin_v4")
  message(FATAL_ERROR "${LIBRARY} must export ncmlab_plugin_v4 only, but exports: ${names}")
endif()
