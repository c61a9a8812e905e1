# SPDX-License-Identifier: Apache-2.0
# Every foreign library, found once, under one name. Works with the packages of Debian 12 and 13
# (scripts/packages lists them). Link these:
#
#   aspen::caf  aspen::sqlite  aspen::lmdb  aspen::httplib  aspen::context  aspen::openssl
#   aspen::spdlog  aspen::fmt  aspen::json  aspen::toml  aspen::cli  aspen::prometheus
#   aspen::xxhash  aspen::systemd  aspen::expected  aspen::asio  aspen::threads  aspen::catch2 (tests)

find_package(PkgConfig REQUIRED)

# aspen_package(<name> <target> <find_package arguments>...): a library with a CMake package.
macro(aspen_package name target)
  find_package(${ARGN} REQUIRED)
  add_library(aspen::${name} ALIAS ${target})
endmacro()

# aspen_pkg_config(<name> <module>): a library known to pkg-config, with its flags.
function(aspen_pkg_config name module)
  pkg_check_modules(ASPEN_${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  add_library(aspen::${name} ALIAS PkgConfig::ASPEN_${name})
endfunction()

aspen_package(threads Threads::Threads Threads)
aspen_package(sqlite SQLite::SQLite3 SQLite3)
aspen_package(openssl OpenSSL::SSL OpenSSL)
aspen_package(context Boost::context Boost CONFIG COMPONENTS context)
aspen_package(fmt fmt::fmt fmt CONFIG)
aspen_package(spdlog spdlog::spdlog spdlog CONFIG)
aspen_package(json nlohmann_json::nlohmann_json nlohmann_json CONFIG)
aspen_package(cli CLI11::CLI11 CLI11 CONFIG)
aspen_package(expected tl::expected tl-expected CONFIG)
aspen_pkg_config(lmdb lmdb)
aspen_pkg_config(xxhash libxxhash)
aspen_pkg_config(systemd libsystemd)
aspen_pkg_config(toml tomlplusplus)
# Through pkg-config, because its CMake package insists on civetweb and curl, which core needs not.
aspen_pkg_config(prometheus prometheus-cpp-core)
# The compile flags matter: without its macros `Request` has another layout than in the library.
aspen_pkg_config(httplib cpp-httplib)

# CAF 0.17 has no CMake package; only its core is used.
find_path(CAF_INCLUDE_DIR caf/all.hpp REQUIRED)
find_library(CAF_CORE_LIBRARY caf_core REQUIRED)
mark_as_advanced(CAF_INCLUDE_DIR CAF_CORE_LIBRARY)
add_library(caf::core UNKNOWN IMPORTED)
set_target_properties(caf::core PROPERTIES
  IMPORTED_LOCATION "${CAF_CORE_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}")
target_link_libraries(caf::core INTERFACE Threads::Threads)
add_library(aspen::caf ALIAS caf::core)

# Asio without Boost is headers and has no CMake package; transport/asio.cpp compiles what is no template.
find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
mark_as_advanced(ASIO_INCLUDE_DIR)
add_library(aspen_asio INTERFACE)
target_include_directories(aspen_asio SYSTEM INTERFACE "${ASIO_INCLUDE_DIR}")
target_compile_definitions(aspen_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED
  ASIO_SEPARATE_COMPILATION
  # Whether Asio sees the aligned allocator hangs on what was included before it: not the same way in
  # every file, and then memory is freed by another function than it came from.
  ASIO_DISABLE_STD_ALIGNED_ALLOC)
target_link_libraries(aspen_asio INTERFACE Threads::Threads)
add_library(aspen::asio ALIAS aspen_asio)

if(ASPEN_BUILD_TESTS)
  aspen_package(catch2 Catch2::Catch2 Catch2 CONFIG)  # 2.x (headers only) or 3.x
endif()
