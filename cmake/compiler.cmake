# SPDX-License-Identifier: Apache-2.0
# Language, build types, output folders, compiler cache.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

# -O1 keeps the turn-around short and the stack traces readable. NDEBUG silences assert() in foreign
# headers only: our own checks (BASE_CHECK) stay on in every build, and so do the standard library's.
# These make one habit of CAF 0.17 fatal, `spawn(function)` without a further argument: it dereferences
# an empty shared_ptr ("_M_get() != nullptr"). Spawn a class, or pass an argument.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g")
add_compile_definitions(_GLIBCXX_ASSERTIONS)

find_program(ASPEN_CCACHE ccache)
mark_as_advanced(ASPEN_CCACHE)
if(ASPEN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${ASPEN_CCACHE}")
endif()
