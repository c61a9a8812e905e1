// SPDX-License-Identifier: Apache-2.0
// Asio's own code, compiled once (ASIO_SEPARATE_COMPILATION, cmake/dependencies.cmake).
#include <asio/impl/src.hpp>
#include <asio/ssl/impl/src.hpp>
