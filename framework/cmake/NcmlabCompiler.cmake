# The compiler settings that every target of ncmlab shares, plugins outside the tree included.
# One set of flags for all, so that one precompiled header serves all.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2")

add_library(ncmlab_flags INTERFACE)
target_compile_options(ncmlab_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wno-missing-field-initializers -fno-gnu-unique -Wno-psabi>)
if(NCMLAB_WERROR)
  target_compile_options(ncmlab_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
if(NCMLAB_SANITIZE)
  set(ncmlab_sanitizers_address address,undefined)
  set(ncmlab_sanitizers_thread thread)
  set(ncmlab_sanitizers ${ncmlab_sanitizers_${NCMLAB_SANITIZE}})
  if(NOT ncmlab_sanitizers)
    message(FATAL_ERROR "NCMLAB_SANITIZE must be address or thread, found ${NCMLAB_SANITIZE}")
  endif()
  # g++ calls what sanitizers add to optimised code uninitialised. toml++ calls a place unreachable
  # that it reaches with letters beyond ASCII, and ends the program there.
  target_compile_options(ncmlab_flags INTERFACE
    -fsanitize=${ncmlab_sanitizers} -fno-omit-frame-pointer -Wno-maybe-uninitialized
    -fno-sanitize=unreachable)
  target_link_options(ncmlab_flags INTERFACE -fsanitize=${ncmlab_sanitizers})
endif()

find_program(NCMLAB_CCACHE ccache)
if(NCMLAB_CCACHE AND DEFINED ENV{NCMLAB_USE_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${NCMLAB_CCACHE})
endif()
find_program(NCMLAB_MOLD mold)
if(NCMLAB_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
