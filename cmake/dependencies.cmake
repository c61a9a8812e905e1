# SPDX-License-Identifier: Apache-2.0
# Every foreign library, found once, as an imported target. Works with the packages of Debian 12 and
# 13 (scripts/packages lists them). Link these names:
#
#   caf::core  SQLite::SQLite3  lmdb::lmdb  aspen::httplib  Boost::context  OpenSSL::SSL
#   spdlog::spdlog  nlohmann_json::nlohmann_json  tomlplusplus::tomlplusplus  CLI11::CLI11
#   prometheus-cpp::core  xxhash::xxhash  systemd::systemd  tl::expected  Threads::Threads
#   aspen::catch2 (tests)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# aspen_pkg_config(<alias> <module>): a library known to pkg-config, with its flags.
function(aspen_pkg_config alias module)
  string(MAKE_C_IDENTIFIER "${module}" prefix)
  pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  add_library(${alias} ALIAS PkgConfig::${prefix})
endfunction()

# CAF 0.17 has no CMake package; only its core is used.
find_path(CAF_INCLUDE_DIR caf/all.hpp REQUIRED)
find_library(CAF_CORE_LIBRARY caf_core REQUIRED)
mark_as_advanced(CAF_INCLUDE_DIR CAF_CORE_LIBRARY)
add_library(caf::core UNKNOWN IMPORTED)
set_target_properties(caf::core PROPERTIES
  IMPORTED_LOCATION "${CAF_CORE_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}")
target_link_libraries(caf::core INTERFACE Threads::Threads)

find_package(SQLite3 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost CONFIG REQUIRED COMPONENTS context)
find_package(fmt CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(tl-expected CONFIG REQUIRED)

aspen_pkg_config(lmdb::lmdb lmdb)
aspen_pkg_config(xxhash::xxhash libxxhash)
aspen_pkg_config(systemd::systemd libsystemd)
aspen_pkg_config(tomlplusplus::tomlplusplus tomlplusplus)
# Through pkg-config, because its CMake package insists on civetweb and curl, which core needs not.
aspen_pkg_config(prometheus-cpp::core prometheus-cpp-core)
# The compile flags matter: without its macros `Request` has another layout than in the library.
aspen_pkg_config(aspen::httplib cpp-httplib)

if(ASPEN_BUILD_TESTS)
  find_package(Catch2 CONFIG REQUIRED)  # 2.x (headers only) or 3.x
  add_library(aspen_catch2 INTERFACE)
  target_link_libraries(aspen_catch2 INTERFACE Catch2::Catch2)
  add_library(aspen::catch2 ALIAS aspen_catch2)
endif()
