// SPDX-License-Identifier: Apache-2.0
#include "trace/event.hpp"

namespace trace {

std::string_view to_string(event_kind kind) {
  switch (kind) {
  case event_kind::none: break;
  case event_kind::spawned: return "spawned";
  case event_kind::exited: return "exited";
  case event_kind::sent: return "sent";
  case event_kind::rejected: return "rejected";
  case event_kind::received: return "received";
  case event_kind::handled: return "handled";
  case event_kind::skipped: return "skipped";
  case event_kind::unhandled: return "unhandled";
  case event_kind::timer: return "timer";
  case event_kind::dropped: return "dropped";
  case event_kind::supervised: return "supervised";
  case event_kind::validated: return "validated";
  case event_kind::work_began: return "work_began";
  case event_kind::work_ended: return "work_ended";
  case event_kind::durable: return "durable";
  case event_kind::raft: return "raft";
  case event_kind::http_began: return "http_began";
  case event_kind::http_ended: return "http_ended";
  case event_kind::step: return "step";
  case event_kind::rpc_sent: return "rpc_sent";
  case event_kind::rpc_received: return "rpc_received";
  }
  return "none";
}

} // namespace trace
