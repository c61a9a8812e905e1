// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/aspenctl/client.hpp"

namespace aspenctl {

/// What one endpoint answers to a GET of `target`, beside its `endpoint`; an `error` instead where it
/// does not answer, or with no object. For commands that ask every endpoint, whoever is silent.
nlohmann::ordered_json endpoint_row(const client& nodes, const endpoint& where, const char* target);

} // namespace aspenctl
