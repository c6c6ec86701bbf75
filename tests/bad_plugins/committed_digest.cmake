# cmake -DSOURCE=. -DFOLDER=scratch -P committed_digest.cmake: fails where the commit at hand holds
# public headers whose digest was not committed with them.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(
  COMMAND git -C ${SOURCE} archive -o ${FOLDER}/headers.tar HEAD framework/include framework/cmake
  RESULT_VARIABLE status ERROR_VARIABLE reason)
if(NOT status EQUAL 0)
  message("skipped: no Git checkout: ${reason}")
  return()
endif()
file(ARCHIVE_EXTRACT INPUT ${FOLDER}/headers.tar DESTINATION ${FOLDER})
execute_process(COMMAND ${CMAKE_COMMAND} -DCHECK=ON -DINCLUDE=${FOLDER}/framework/include
  -P ${FOLDER}/framework/cmake/header_digest.cmake COMMAND_ERROR_IS_FATAL ANY)
