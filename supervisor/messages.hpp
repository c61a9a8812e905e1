// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/client_requests.hpp"
#include "actors/node_status.hpp"
#include "actors/protocol.hpp"

namespace supervisor {

/// Node → supervisor: end everything in reverse order, within the budgets; then
/// `on_stopped` is called and the supervisor ends. A second one changes nothing.
struct stop_all {};

using actors::restart_child;
using actors::restart_under_way;

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
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::restart_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(supervisor::check_ended)
