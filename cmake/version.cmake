# SPDX-License-Identifier: Apache-2.0
# Makes <build>/generated/base/version.hpp from base/version.hpp.in. Included by the project it makes
# the file once and adds the target that refreshes it at every build; run as a script
# (cmake -P) it does the refresh. The file is touched only when its text changes.

function(aspen_write_version source_dir output version)
  set(ASPEN_VERSION "${version}")
  set(ASPEN_COMMIT "unknown")
  find_program(git_program git)
  if(git_program AND EXISTS "${source_dir}/.git")
    execute_process(
      COMMAND "${git_program}" -C "${source_dir}" describe --always --dirty --abbrev=12 --exclude=*
      OUTPUT_VARIABLE commit RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(NOT failed)
      set(ASPEN_COMMIT "${commit}")
    endif()
  endif()
  configure_file("${source_dir}/base/version.hpp.in" "${output}" @ONLY)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  aspen_write_version("${SOURCE_DIR}" "${OUTPUT}" "${VERSION}")
  return()
endif()

set(ASPEN_GENERATED_DIR "${CMAKE_BINARY_DIR}/generated")
set(version_header "${ASPEN_GENERATED_DIR}/base/version.hpp")
aspen_write_version("${CMAKE_SOURCE_DIR}" "${version_header}" "${PROJECT_VERSION}")
add_custom_target(aspen_version_header
  COMMAND "${CMAKE_COMMAND}" "-DSOURCE_DIR=${CMAKE_SOURCE_DIR}" "-DOUTPUT=${version_header}"
    "-DVERSION=${PROJECT_VERSION}" -P "${CMAKE_CURRENT_LIST_FILE}"
  BYPRODUCTS "${version_header}" COMMENT "Refreshing base/version.hpp" VERBATIM)
