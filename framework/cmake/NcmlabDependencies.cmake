# Everything ncmlab links, found once. scripts/install_dependencies.sh names the Debian packages.
find_package(Torch REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(Boost 1.81 REQUIRED COMPONENTS program_options)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(TREE_SITTER REQUIRED IMPORTED_TARGET tree-sitter)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)

# What LibTorch brings along: Debian's takes BLAS from libblas.so.3 and OpenMP from the system,
# PyPI's wheel has MKL inside and a libgomp beside it (framework/docs/libtorch.md).
get_target_property(ncmlab_torch_cpu torch_cpu LOCATION)
get_filename_component(ncmlab_torch_folder ${ncmlab_torch_cpu} DIRECTORY)
execute_process(COMMAND ${CMAKE_READELF} -d ${ncmlab_torch_cpu}
  OUTPUT_VARIABLE ncmlab_torch_needs ERROR_QUIET)
string(REGEX MATCH "lib(open)?blas[^]]*\\.so" ncmlab_torch_blas "${ncmlab_torch_needs}")

# oneDNN where LibTorch links the system's: one that LibTorch keeps inside has other headers.
add_library(ncmlab_onednn INTERFACE)
find_library(NCMLAB_ONEDNN NAMES dnnl)
find_path(NCMLAB_ONEDNN_HEADERS oneapi/dnnl/dnnl.hpp)
if(NOT ncmlab_torch_needs MATCHES "libdnnl")
  message(STATUS "LibTorch has a oneDNN of its own, or none")
elseif(NCMLAB_ONEDNN AND NCMLAB_ONEDNN_HEADERS)
  set(ncmlab_has_onednn TRUE)
  target_include_directories(ncmlab_onednn SYSTEM INTERFACE ${NCMLAB_ONEDNN_HEADERS})
  target_link_libraries(ncmlab_onednn INTERFACE ${NCMLAB_ONEDNN})
  target_compile_definitions(ncmlab_onednn INTERFACE NCMLAB_HAS_ONEDNN)
else()
  message(WARNING "libdnnl-dev not found: matrix products will be slower")
endif()

# LibTorch as its package describes it, with its headers outside our warnings.
# Its package looks for libc10 in the system's folders first, where another LibTorch may be.
list(FILTER TORCH_LIBRARIES EXCLUDE REGEX "/libc10\\.")
add_library(ncmlab_torch INTERFACE)
target_include_directories(ncmlab_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(ncmlab_torch INTERFACE ${TORCH_LIBRARIES} c10)
if(EXISTS ${ncmlab_torch_folder}/libgomp.so.1)
  # Named by flag and not by path, so that the one beside LibTorch is found and no other.
  separate_arguments(ncmlab_openmp_flags NATIVE_COMMAND "${OpenMP_CXX_FLAGS}")
  target_compile_options(ncmlab_torch INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:${ncmlab_openmp_flags}>)
  target_link_options(ncmlab_torch INTERFACE ${ncmlab_openmp_flags})
else()
  target_link_libraries(ncmlab_torch INTERFACE OpenMP::OpenMP_CXX)
endif()
string(STRIP "${TORCH_CXX_FLAGS}" ncmlab_torch_flags)
separate_arguments(ncmlab_torch_flags)
target_compile_options(ncmlab_torch INTERFACE $<$<COMPILE_LANGUAGE:CXX>:${ncmlab_torch_flags}>)

# What an executable links besides: an allocator that keeps its pages, oneDNN's matrix product, and
# an OpenMP BLAS that is found before whatever the system's alternatives point at
# (framework/docs/performance.md).
add_library(ncmlab_runtime INTERFACE)
find_library(NCMLAB_TCMALLOC NAMES tcmalloc_minimal libtcmalloc_minimal.so.4)
set(openblas_folder /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp)
find_library(NCMLAB_BLAS NAMES libblas.so.3 PATHS ${openblas_folder} NO_DEFAULT_PATH)
find_library(NCMLAB_OPENBLAS NAMES libopenblas.so.0 PATHS ${openblas_folder} NO_DEFAULT_PATH)
set(first_libraries)
if(NCMLAB_TCMALLOC AND NOT NCMLAB_SANITIZE)
  list(APPEND first_libraries ${NCMLAB_TCMALLOC})
elseif(NOT NCMLAB_SANITIZE)
  message(WARNING "tcmalloc not found: element-wise operators will be several times slower")
endif()
# PyPI's LibTorch exports pieces of an older std::filesystem, which crash in a newer libstdc++.
list(APPEND first_libraries -lstdc++)
if(NOT ncmlab_torch_blas)
  message(STATUS "LibTorch has a BLAS of its own")
elseif(NCMLAB_BLAS AND NCMLAB_OPENBLAS)
  if(ncmlab_has_onednn)
    add_library(ncmlab_sgemm SHARED ${CMAKE_CURRENT_LIST_DIR}/../src/kernels/blas/sgemm.cpp)
    target_link_libraries(ncmlab_sgemm PRIVATE ncmlab_flags ncmlab_onednn ${CMAKE_DL_LIBS})
    set_property(TARGET ncmlab_runtime PROPERTY
      INTERFACE_LINK_DEPENDS $<TARGET_FILE:ncmlab_sgemm>)
    list(APPEND first_libraries $<TARGET_FILE:ncmlab_sgemm>)
  endif()
  list(APPEND first_libraries ${NCMLAB_OPENBLAS} ${NCMLAB_BLAS} -Wl,-rpath,${openblas_folder})
else()
  message(WARNING "libopenblas0-openmp not found: LibTorch uses the system's default BLAS")
endif()
# Among the options, because options stand before all libraries; in one piece, because CMake drops
# options that it has seen before.
list(JOIN first_libraries " " first_libraries)
target_link_options(ncmlab_runtime INTERFACE
  "SHELL:-Wl,--push-state,--no-as-needed ${first_libraries} -Wl,--pop-state")
