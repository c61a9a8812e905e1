// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actors/node_status.hpp"
#include "http/disk_probe.hpp"

namespace http {

/// How one check stands. `critical` and `failed` both make the node unhealthy; the word
/// says whether a resource ran short or a part broke.
enum class check_status { ok, warning, critical, failed };
std::string_view to_string(check_status value);

struct health_check {
  std::string_view name; ///< literal
  check_status status = check_status::ok;
  std::string message; ///< empty: none
  /// The violated rules with the values read, one sentence each.
  std::vector<std::string> violations;
};

enum class health_status { healthy, degraded, unhealthy };
std::string_view to_string(health_status value);

/// What the report is made from: nothing here needs an actor to answer.
struct health_input {
  actors::phase phase = actors::phase::starting;
  std::shared_ptr<const actors::raft_status> raft;
  std::shared_ptr<const actors::storage_status> storage;
  std::shared_ptr<const actors::peers_status> peers;
  std::shared_ptr<const actors::scan_status> scan;
  std::shared_ptr<const actors::storage_suspicion> suspicion;
  std::shared_ptr<const actors::supervisor_status> supervisor;
  raft::server_id self; ///< zero: links to others are not looked at
  disk_reading disk;
  /// Why the node takes no writes for want of space; empty: it has what it needs.
  std::string space_trouble;
  bool is_in_memory = false;
  bool has_wal_file = false;   ///< SQLite: there is a WAL to be watched
  unsigned probe_failures = 0; ///< of the raft actor, in a row (`health_monitor`)
  std::chrono::steady_clock::time_point now;
};

struct health_report {
  health_status status = health_status::healthy;
  std::vector<health_check> checks; ///< in the guide's order
  health_status supervision = health_status::healthy;
  bool is_supervised = false; ///< false before the supervisor has said anything
};

// The operations guide's levels. MB is 2^20 bytes; each bound belongs to the level below.
inline constexpr std::uint64_t wal_warning_mb = 100;
inline constexpr std::uint64_t wal_critical_mb = 500;
inline constexpr unsigned disk_warning_percent = 80;
inline constexpr unsigned disk_critical_percent = 95;
/// The raft actor is looked at once a second. It fails when it has not handled its tick
/// (100 ms) for so long; one success forgives all failures.
inline constexpr std::chrono::seconds raft_late_after{2};
/// So many failures in a row make the node unhealthy, fewer degraded.
inline constexpr unsigned probe_failures_max = 3;
/// However often anybody looked: after so long it does not respond.
inline constexpr std::chrono::seconds raft_silence_max{5};

/// The checks raft_actor, raft_cluster, storage, disk_space, where there is a WAL wal_file,
/// state_digest and raft_log; and what follows from them. Pure.
health_report assess(const health_input& input);

/// Whether a raft actor that should run has gone without a tick for `raft_late_after`. Pure.
bool is_raft_late(const health_input& input);

/// What the newest check of the stores found against `rule`; nothing when it kept it, or when
/// the node runs. Pure.
const storage::rule_finding* find_violation(const actors::supervisor_status* said,
                                            std::string_view rule);

/// The replicas outvoted this node's state: found by the check of the stores (INV-29).
inline constexpr std::string_view outvoted_rule = "INV-29";

/// Bytes of the WAL file: as the file system says, else as the storage writer last said.
std::uint64_t wal_bytes(const health_input& input);

} // namespace http
