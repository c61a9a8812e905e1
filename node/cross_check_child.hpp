// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace node {

/// The whole life of the process that checks the stores: reads what is asked
/// (node/cross_check_request.hpp), checks, prints the report as JSON on stdout, returns
/// the exit status: `stopped` whatever the verdict, `usage` when it was asked nothing it
/// understands. Asks the kernel to be killed when the thread that spawned it ends, so
/// that a killed node leaves no reader of its files behind.
int run_cross_check_child(std::string_view request);

} // namespace node
