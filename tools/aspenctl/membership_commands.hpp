// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/aspenctl/client.hpp"
#include "tools/aspenctl/printer.hpp"

/// Changes of who belongs to the cluster and who leads it. Ids and addresses are as they were typed; what
/// makes no sense is a failure of status `usage`. The leader is looked for through the endpoints and asked
/// once; `conflict` when the present state does not allow the change, with the reason.
namespace aspenctl {

/// Lets a node in as a learner: it was started with `--join` and is reached by its peers at `raft_addr`.
outcome<void> member_add(const client& nodes, output_format format, const std::string& id,
                         const std::string& raft_addr);
/// Makes a learner a voter. `conflict` while it is too far behind.
outcome<void> member_promote(const client& nodes, output_format format, const std::string& id);
outcome<void> member_remove(const client& nodes, output_format format, const std::string& id);
/// Hands leadership to a voter.
outcome<void> move_leader(const client& nodes, output_format format, const std::string& id);

} // namespace aspenctl
