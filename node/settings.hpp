// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "node/setting_values.hpp"
#include "storage/cross_check.hpp"

/// The typed configuration of everything. Plain values: what they are called, their
/// defaults, bounds and meaning stand in one table (node/setting_keys.hpp), and
/// `load_settings` (node/settings_loader.hpp) fills them. Nothing here has a default
/// of its own, so that no second source of defaults can exist.
namespace node {

struct cluster_settings {
  std::uint64_t node_id;
  std::string data_dir;
  storage::backend storage_backend;
  std::string sqlite_sm_path;
  std::string lmdb_log_path;
  std::string lmdb_sm_path;
  byte_size lmdb_map_size;
  byte_size disk_reserve; ///< zero: none is kept
  byte_size sqlite_auto_checkpoint_threshold;
  std::optional<daily_window> sqlite_checkpoint_window; ///< nothing: no window
  std::uint64_t sqlite_read_pool_size;
  endpoint http_addr;
  endpoint admin_addr;
  endpoint raft_addr;
  std::vector<std::string> initial_members; ///< "id=host:port", each checked
  std::string join;                         ///< "host:port" of a cluster's HTTP; empty: none

  /// The founders, by id; empty when none are named.
  std::vector<member> founders() const;
  /// Whether this node is one of several, or will be.
  bool names_peers() const { return initial_members.size() > 1 || !join.empty(); }
};

struct raft_settings {
  std::chrono::milliseconds heartbeat_interval; ///< also the length of a tick
  std::chrono::milliseconds election_timeout_min;
  std::chrono::milliseconds election_timeout_max;
  std::uint64_t proposals_in_flight_max;
  byte_size proposal_bytes_in_flight_max;
  std::uint64_t reads_waiting_max;
  std::uint64_t log_entries_kept;
  byte_size log_bytes_kept;
  bool leases_enabled;
  std::uint64_t clock_drift_percent; ///< by how much one clock may outrun another
};

/// What a node does that the gate refuses.
enum class refusal_action { stay, exit };

struct supervisor_settings {
  std::chrono::milliseconds backoff_initial;
  std::chrono::milliseconds backoff_max;
  std::uint64_t restarts_max; ///< within `restart_window`; one more opens the circuit
  std::chrono::milliseconds restart_window;
  std::chrono::milliseconds circuit_open_time;
  std::chrono::milliseconds half_open_time;
  std::chrono::milliseconds stability_time;
  refusal_action on_refusal;
  std::chrono::milliseconds digest_budget;
  std::chrono::milliseconds scan_interval;
  byte_size scan_rate; ///< a second
  std::chrono::milliseconds hang_time;
  std::chrono::milliseconds shutdown_time;
};

struct http_settings {
  bool behind_proxy;
  std::vector<std::string> allowed_hosts;
  std::uint64_t workers; ///< zero: one a core
  std::uint64_t connections_max;
  std::uint64_t requests_in_flight_max;
  std::chrono::milliseconds request_timeout;
  std::chrono::milliseconds idle_timeout;
};

/// PEM files of the peer transport: all three, or none.
struct security_settings {
  std::string peer_cert_file;
  std::string peer_key_file;
  std::string peer_ca_file;

  bool has_peer_tls() const { return !peer_cert_file.empty(); }
};

struct trace_settings {
  bool enabled;
  byte_size ring_size;
  std::uint64_t dumps_kept;
  std::chrono::milliseconds slow_request;   ///< zero: no request is slow
  std::chrono::milliseconds slow_mailbox;   ///< zero: no message waits too long
  std::chrono::milliseconds dump_pause;     ///< between two dumps of one trigger
  std::chrono::milliseconds check_interval; ///< zero: the recording is not checked by itself
  bool record_core;
  byte_size record_core_size;
  std::string collector_url; ///< empty: traces are sent nowhere
  std::uint64_t collector_one_in;
  std::uint64_t collector_rate; ///< traces a second
};

struct log_settings {
  std::string filter; ///< in the grammar of `base::log::filter`, checked
  base::log::format format;
  std::string file; ///< empty: stderr only
};

struct settings {
  cluster_settings cluster;
  raft_settings raft;
  supervisor_settings supervisor;
  http_settings http;
  security_settings security;
  trace_settings trace;
  log_settings log;
};

/// Where the stores of the chosen backend are. `inmemory` has no paths.
storage::store_paths store_paths_of(const settings& all);

} // namespace node
