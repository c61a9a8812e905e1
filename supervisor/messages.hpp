// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/answer.hpp"
#include "actors/node_status.hpp"
#include "actors/protocol.hpp"

namespace supervisor {

/// Node → supervisor: end everything in reverse order, within the budgets; then
/// `on_stopped` is called and the supervisor ends. A second one changes nothing.
struct stop_all {};

/// What an operator's restart set going; the status board shows how it ends.
struct restart_under_way {
  std::string what; ///< "restarting group 'stores'"
};

/// Gateway → supervisor: a new life for the child `name` and its group, through the gate,
/// without back-off, whatever the circuit says. Refused: `invalid` for an unknown name,
/// `draining`, `unavailable` when it waits for another child or hangs.
struct restart_child {
  std::string name;
  actors::reply_to<restart_under_way> reply; ///< none: nobody waits
};

/// Gate → supervisor. `run` numbers the checks of the group `unit`.
struct check_ended {
  std::string unit;
  std::uint64_t run;
  std::shared_ptr<const storage::check_report> report;
};

/// Nothing of HTTP asks the supervisor: it reads the status board.
using supervisor_handle = caf::typed_actor<caf::reacts_to<actors::tick>, // itself
                                           caf::reacts_to<check_ended>,
                                           caf::reacts_to<restart_child>, caf::reacts_to<stop_all>>;

} // namespace supervisor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(supervisor::stop_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(supervisor::restart_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(supervisor::check_ended)
