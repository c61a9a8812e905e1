// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "actors/actor_view.hpp"
#include "actors/client_requests.hpp"
#include "actors/inspection_requests.hpp"
#include "actors/node_status.hpp"

namespace actors {

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
  virtual std::vector<talk_view> list_talks() const = 0;
};

} // namespace actors
