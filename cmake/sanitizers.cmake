# SPDX-License-Identifier: Apache-2.0
# ASPEN_SANITIZE applies to every target, so that no two objects disagree about their layout.

if(ASPEN_SANITIZE STREQUAL "address")
  # Undefined behaviour ends the program, except "null": CAF 0.17.6 binds a null reference in its
  # spawn of a function without arguments (caf/detail/init_fun_factory.hpp), harmless and not ours.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
    -fsanitize-recover=null -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(ASPEN_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(ASPEN_SANITIZE)
  message(FATAL_ERROR "ASPEN_SANITIZE=${ASPEN_SANITIZE}: expected empty, address or thread")
endif()

# A report names functions and lines; what -g writes beside them costs a quarter of the build.
if(ASPEN_SANITIZE)
  add_compile_options(-g1)
endif()

# What every test runs under; harmless where no sanitizer is built in.
set(ASPEN_TEST_ENVIRONMENT
  "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
  "UBSAN_OPTIONS=print_stacktrace=1"
  "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=${CMAKE_SOURCE_DIR}/tests/support/tsan.supp")
