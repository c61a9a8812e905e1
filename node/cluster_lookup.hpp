// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "base/result.hpp"
#include "base/uuid.hpp"
#include "node/setting_values.hpp"

namespace node {

/// Asks a node of the cluster that is to be joined, at its HTTP address, which cluster that
/// is (`GET /v1/cluster`). Tries again until `patience` has passed: the other may be
/// starting too. Blocks. Errors, each naming the address: `io`, `timeout`, `invalid` when
/// what answers is no node of Aspen.
base::result<base::uuid> look_up_cluster(const endpoint& where, std::chrono::milliseconds patience);

} // namespace node
