# The tree-sitter grammars, from the npm packages that package-lock.json pins.
set(ncmlab_node_modules ${PROJECT_SOURCE_DIR}/node_modules)
if(NOT EXISTS ${ncmlab_node_modules}/tree-sitter-c/src/parser.c)
  message(FATAL_ERROR "tree-sitter grammars not found in ${ncmlab_node_modules}. "
    "Run `npm ci --ignore-scripts` in ${PROJECT_SOURCE_DIR}, or scripts/install_dependencies.sh.")
endif()
add_library(ncmlab_grammars OBJECT)
foreach(language c cpp java python)
  set(folder ${ncmlab_node_modules}/tree-sitter-${language}/src)
  target_sources(ncmlab_grammars PRIVATE ${folder}/parser.c)
  if(EXISTS ${folder}/scanner.c)
    target_sources(ncmlab_grammars PRIVATE ${folder}/scanner.c)
  endif()
  set_source_files_properties(${folder}/parser.c ${folder}/scanner.c PROPERTIES
    INCLUDE_DIRECTORIES ${folder} COMPILE_OPTIONS "-w")
endforeach()
