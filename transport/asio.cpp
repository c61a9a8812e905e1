// SPDX-License-Identifier: Apache-2.0
// Asio's own code, compiled once (ASIO_SEPARATE_COMPILATION, cmake/dependencies.cmake).
// The standard library first: Asio asks its macros what it has.
#include <cstddef>

#include <asio/impl/src.hpp>
#include <asio/ssl/impl/src.hpp>
