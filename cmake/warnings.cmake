# SPDX-License-Identifier: Apache-2.0
# The warnings of our own code. Headers of packages are system headers and stay silent.

add_library(aspen_warnings INTERFACE)
target_compile_options(aspen_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual $<$<BOOL:${ASPEN_WERROR}>:-Werror>)
