# SPDX-License-Identifier: Apache-2.0
# The vocabulary of the folders' CMakeLists.txt.

# aspen_library(<folder> [SOURCES ...] [PUBLIC <targets>...] [PRIVATE <targets>...])
# The layer of a folder: target aspen_<folder>, alias aspen::<folder>. Without sources it is a
# headers-only layer. What is linked here is what the folder may include (tests/layers checks the rest).
function(aspen_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PUBLIC;PRIVATE")
  set(target aspen_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}" "${ASPEN_GENERATED_DIR}")
    target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE aspen_warnings ${arg_PRIVATE})
    add_dependencies(${target} aspen_version_header)
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE "${CMAKE_SOURCE_DIR}" "${ASPEN_GENERATED_DIR}")
    target_link_libraries(${target} INTERFACE ${arg_PUBLIC} ${arg_PRIVATE})
  endif()
  add_library(aspen::${name} ALIAS ${target})
endfunction()

# Common part of programs and tests.
function(_aspen_executable target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}" "${ASPEN_GENERATED_DIR}")
  target_link_libraries(${target} PRIVATE aspen_warnings ${arg_LINK})
  add_dependencies(${target} aspen_version_header)
endfunction()

# Everything that is installed; what scripts/build makes.
add_custom_target(aspen_programs)

# What the tests of the label default need: the least to build for a run under a sanitizer.
add_custom_target(aspen_default_tests)
add_dependencies(aspen_default_tests aspen_programs)

# aspen_program(<name> SOURCES ... [LINK <targets>...] [NO_INSTALL])
# A program in <build>/bin, installed unless NO_INSTALL.
function(aspen_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "" "SOURCES;LINK")
  _aspen_executable(${name} SOURCES ${arg_SOURCES} LINK ${arg_LINK})
  if(NOT arg_NO_INSTALL)
    install(TARGETS ${name} RUNTIME)
    add_dependencies(aspen_programs ${name})
  endif()
endfunction()

# Label, time limit and environment of a registered test.
function(_aspen_test_properties name label timeout serial)
  if(NOT label)
    set(label default)
  endif()
  if(NOT label MATCHES "^(default|long|soak)$")
    message(FATAL_ERROR "test ${name}: LABEL ${label} is none of default, long, soak")
  endif()
  if(NOT timeout)
    set(timeout 120)
  endif()
  set_tests_properties(${name} PROPERTIES
    LABELS ${label} TIMEOUT ${timeout} RUN_SERIAL "${serial}" ENVIRONMENT "${ASPEN_TEST_ENVIRONMENT}")
endfunction()

# aspen_test(<name> [LABEL default|long|soak] [TIMEOUT <seconds>] [SERIAL] SOURCES ... [LINK <targets>...])
# A Catch2 executable in <build>/bin/tests, one ctest test per executable. It fails when it ran no test.
# Labels: default in every run (fast), long in CI, soak by hand. SERIAL: runs beside no other test.
function(aspen_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "LABEL;TIMEOUT" "SOURCES;LINK")
  _aspen_executable(${name} SOURCES ${arg_SOURCES} LINK aspen::test_main ${arg_LINK})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin/tests")
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  _aspen_test_properties(${name} "${arg_LABEL}" "${arg_TIMEOUT}" "${arg_SERIAL}")
  if(NOT arg_LABEL OR arg_LABEL STREQUAL "default")
    add_dependencies(aspen_default_tests ${name})
  endif()
endfunction()

# aspen_script_test(<name> COMMAND <program> [<arguments>...] [LABEL ...] [TIMEOUT <seconds>] [SERIAL])
# A test that is a script, or a program of this build; the repository is its working directory, ASPEN_BIN the
# folder of the programs.
function(aspen_script_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "LABEL;TIMEOUT" "COMMAND")
  add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  _aspen_test_properties(${name} "${arg_LABEL}" "${arg_TIMEOUT}" "${arg_SERIAL}")
  list(GET arg_COMMAND 0 program)
  if(TARGET ${program} AND (NOT arg_LABEL OR arg_LABEL STREQUAL "default"))
    add_dependencies(aspen_default_tests ${program})
  endif()
  set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT "ASPEN_BIN=${CMAKE_BINARY_DIR}/bin")
endfunction()
