# SPDX-License-Identifier: Apache-2.0
# The warnings of our own code. Headers of packages are system headers and stay silent.

add_library(aspen_warnings INTERFACE)
target_compile_options(aspen_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual)

# Under a sanitizer g++ 12 sees uninitialised values in its own <regex>, and others of that kind: there
# warnings that follow the flow of data are not errors, and the worst of them is silent.
if(ASPEN_SANITIZE)
  target_compile_options(aspen_warnings INTERFACE -Wno-maybe-uninitialized)
elseif(ASPEN_WERROR AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Errors only with the compiler we develop with (g++ 12): what a newer one guesses must not stop
  # a user's build.
  target_compile_options(aspen_warnings INTERFACE -Werror)
endif()
