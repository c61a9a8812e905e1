// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "actors/peer_transport.hpp"
#include "raft/core.hpp"
#include "storage/cross_check.hpp"
#include "storage/log_store.hpp"
#include "storage/state_machine.hpp"

/// What the actors last said of themselves. Written by the actors, read by anybody at
/// any time without a message: health answers even when the actor system is stuck.
namespace actors {

using steady_time = std::chrono::steady_clock::time_point;

struct raft_status {
  raft::core_status core;
  std::uint64_t leader_changes = 0;
  std::uint64_t leaderships_lost = 0; ///< this server led, and had not handed it over
  std::uint64_t proposals_committed = 0;
  std::uint64_t proposals_failed = 0;
  std::uint64_t entries_repaired = 0; ///< damaged entries that came from peers again
  std::uint64_t digest_alarms = 0;    ///< replicas differed, and nobody could tell who is right
  steady_time last_tick;              ///< when the actor last handled its tick
  std::uint64_t elections = 0;        ///< this server campaigned so often, pre-votes not counted
  std::optional<steady_time> leading_since; ///< none: this server does not lead
  /// When each peer's raft actor last spoke to this one; only those that did.
  std::vector<std::pair<raft::server_id, steady_time>> heard;
  /// Why this server takes no part in its cluster, and what to do about it; empty: it does.
  std::string standing;
  /// It has been told that it is no member, or no longer: nothing changes that by itself.
  bool is_cast_out = false;
  /// The newest moment of which this node knows that its leader led: a quorum's answers to
  /// the leader, the leader's word to the others. None: not yet, or a sole voter.
  std::optional<steady_time> in_touch;
};

struct peers_status {
  bool is_open = false; ///< false: no peer is known, and no port is open
  std::vector<peer_link> links;
};

struct log_status {
  storage::log_sizes sizes;
  storage::identity identity;
};

struct storage_status {
  storage::state_meta meta;
  bool has_wal = false;
  storage::wal_status wal;
  std::uint64_t file_bytes = 0;
  std::optional<storage::checkpoint_report> last_checkpoint;
  bool is_lost = false;     ///< there is no state until a snapshot was installed
  std::string trouble;      ///< empty: none; else what keeps writes from being applied
  bool is_full = false;     ///< the trouble is a full disk
  bool is_verified = false; ///< the digest of all rows was compared since the start
  steady_time since;        ///< when the trouble began
};

/// One comparison of everything that is stored with its digests, beside the service.
struct scan_pass {
  steady_time ended;
  std::uint64_t rows = 0;
  std::uint64_t entries = 0; ///< of the log
  std::uint64_t bytes = 0;
  std::chrono::milliseconds took{0};
  bool is_sum_compared = false; ///< and it was the recorded one
};
struct scan_status {
  bool is_running = false;
  std::uint64_t rows = 0; ///< of this pass so far, as `entries` and `bytes`
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t passes = 0; ///< in this life of the group
  std::optional<scan_pass> last_pass;
};

/// Something stored did not match while the node ran: the next check looks at everything, and the stores
/// are not used again until it passed.
struct storage_suspicion {
  std::string text;
  std::chrono::system_clock::time_point found_at;
};

struct pool_status {
  std::uint64_t size = 0;
  std::uint64_t in_use = 0;
  std::uint64_t waiters = 0;
};

struct snapshots_sent_status {
  struct stream {
    raft::server_id to;
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_total = 0;
  };
  std::vector<stream> under_way;
  std::uint64_t waiting = 0; ///< peers that wait for a file or a stream
  std::uint64_t built = 0;   ///< in this life of the group, here and below
  std::uint64_t sent = 0;
};

struct snapshot_received_status {
  enum class stage { none, receiving, verifying, installing };
  stage at = stage::none;
  raft::server_id from;
  raft::log_index index;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_total = 0;
  std::uint64_t installed = 0; ///< in this life of the group
};
/// For a person: "receiving a snapshot at index 7 from node 1: 12 of 34 MiB"; empty for none.
std::string describe(const snapshot_received_status& what);

enum class phase { starting, running, refused, draining };
std::string_view to_string(phase value);

enum class child_state {
  stopped,
  checking,
  starting,
  running,
  stopping,
  backing_off,
  refused,
  broken
};
std::string_view to_string(child_state value);

enum class circuit_state { closed, open, half_open };
std::string_view to_string(circuit_state value);

struct child_status {
  std::string name;
  std::string group; ///< empty: stands alone
  child_state state = child_state::stopped;
  std::uint64_t restarts = 0;
  std::string last_error;
  steady_time since;
  /// When `next` happens, where that is a matter of time alone.
  std::optional<std::chrono::milliseconds> next_attempt_in;
  std::string next;                   ///< what follows by itself, for a person; empty: nothing
  std::string_view restart_kind = {}; ///< permanent | transient | temporary
  // Of the child's group, or of itself when it stands alone:
  circuit_state circuit = circuit_state::closed;
  std::uint64_t restarts_in_window = 0;
  std::chrono::milliseconds next_delay{0}; ///< the pause that follows the next crash
};

struct supervisor_event {
  std::chrono::system_clock::time_point at;
  std::string child;
  std::string what; ///< "started", "ended", "restart scheduled", "circuit opened", …
  std::string detail;
  std::string dump = {}; ///< the recording that was kept of it; empty: none
};

struct supervisor_status {
  actors::phase phase = phase::starting;
  std::vector<child_status> children;
  circuit_state circuit = circuit_state::closed;
  std::uint64_t restarts_total = 0;
  std::uint64_t restarts_in_window = 0;
  std::optional<storage::check_report> last_check;
  std::chrono::system_clock::time_point last_check_at{}; ///< when that report came
  std::vector<supervisor_event> events;                  ///< newest last, at most 100
  steady_time last_tick;
};

/// One copy of each, behind one lock that is held for a copy only. Any thread.
class status_board {
public:
  template <class Status>
  void publish(Status value) {
    auto fresh = std::make_shared<const Status>(std::move(value));
    std::lock_guard guard(mutex_);
    std::get<std::shared_ptr<const Status>>(statuses_) = std::move(fresh);
  }
  /// What was last published; nothing before the first time or after `forget`.
  template <class Status>
  std::shared_ptr<const Status> get() const {
    std::lock_guard guard(mutex_);
    return std::get<std::shared_ptr<const Status>>(statuses_);
  }
  template <class Status>
  void forget() {
    std::lock_guard guard(mutex_);
    std::get<std::shared_ptr<const Status>>(statuses_).reset();
  }

  /// Something stored did not match. What was found first stands until the stores passed their check
  /// (`forget<storage_suspicion>`); what follows from it is counted only.
  void suspect(std::string text);
  /// How often `suspect` was called in the life of the process.
  std::uint64_t suspicions() const {
    std::lock_guard guard(mutex_);
    return suspicions_;
  }

private:
  mutable std::mutex mutex_;
  std::uint64_t suspicions_ = 0;
  std::tuple<std::shared_ptr<const raft_status>, std::shared_ptr<const log_status>,
             std::shared_ptr<const storage_status>, std::shared_ptr<const pool_status>,
             std::shared_ptr<const peers_status>, std::shared_ptr<const supervisor_status>,
             std::shared_ptr<const snapshots_sent_status>,
             std::shared_ptr<const snapshot_received_status>, std::shared_ptr<const scan_status>,
             std::shared_ptr<const storage_suspicion>>
      statuses_;
};

} // namespace actors
