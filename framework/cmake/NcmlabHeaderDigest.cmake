# Keeps the digest of the public headers, a part of every plugin's build stamp, up to date: whatever
# compiles with ncmlab_flags waits for it.
set(ncmlab_include ${PROJECT_SOURCE_DIR}/framework/include)
set(ncmlab_header_digest ${ncmlab_include}/ncmlab/plugin/header_digest.hpp)
set(NCMLAB_HEADER_DIGEST_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/header_digest.cmake)
file(GLOB_RECURSE ncmlab_public_headers CONFIGURE_DEPENDS ${ncmlab_include}/ncmlab/*.hpp)
list(REMOVE_ITEM ncmlab_public_headers ${ncmlab_header_digest})
add_custom_command(OUTPUT ${ncmlab_header_digest}
  COMMAND ${CMAKE_COMMAND} -DINCLUDE=${ncmlab_include} -P ${NCMLAB_HEADER_DIGEST_SCRIPT}
  DEPENDS ${ncmlab_public_headers} ${NCMLAB_HEADER_DIGEST_SCRIPT}
  COMMENT "Comparing the public headers with their digest" VERBATIM)
add_custom_target(ncmlab_header_digest DEPENDS ${ncmlab_header_digest})
add_dependencies(ncmlab_flags ncmlab_header_digest)
