// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/client_requests.hpp"
#include "actors/inspection_requests.hpp"
#include "actors/node_status.hpp"

namespace actors {

/// One actor as `/debug/actors` shows it.
struct actor_view {
  std::string name;
  std::string kind; ///< scheduled | detached
  std::string parent;
  std::string state; ///< running | idle | ended
  std::uint64_t mailbox_depth = 0;
  std::uint64_t oldest_message_ms = 0;
  std::string current_message; ///< empty: none
  std::uint64_t messages_total = 0;
  std::uint64_t rejected_total = 0;
  double queue_p50_us = 0;
  double queue_p99_us = 0;
  double handle_p50_us = 0;
  double handle_p99_us = 0;
  std::uint64_t restarts = 0;
  std::string last_error;
};

/// The one door from the outside to the actors. Every call finds the actors that run
/// now; where none does, the answer is `unavailable` at once. Any thread; no call blocks.
class gateway {
public:
  virtual ~gateway() = default;

  /// Hands one turn's requests to the raft actor.
  virtual void submit(client_batch requests) = 0;
  virtual void checkpoint(checkpoint_now request) = 0;
  /// To the raft actor; answered once the change is committed, or refused.
  virtual void change_cluster(cluster_request request) = 0;
  /// To the supervisor; answered as soon as it is under way, or refused.
  virtual void restart_child(actors::restart_child request) = 0;
  /// What operators ask of the stores in use.
  virtual void inspect(inspection what) = 0;
  /// Begins an orderly stop of the whole node, as SIGTERM does.
  virtual void shut_down() = 0;

  virtual const status_board& status() const = 0;
  /// Read from counters, never by message: answers though an actor is stuck.
  virtual std::vector<actor_view> list_actors() const = 0;
};

} // namespace actors
