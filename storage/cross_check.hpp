// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "storage/types.hpp"

/// Do the log and the state machine tell one story? Reads both stores, changes
/// neither (two stores, one truth: rules 12, 17, 19, 25–29).
namespace storage {

enum class backend { sqlite, lmdb, inmemory };

/// Where the stores are and whose they should be.
struct store_paths {
  storage::backend backend = storage::backend::sqlite;
  std::string data_dir;
  std::string log_path;   ///< raft-log.lmdb
  std::string state_path; ///< state-machine.db or state-machine.lmdb
};

enum class verdict {
  ok,      ///< start
  retry,   ///< a lock, space or descriptors: try again later
  rebuild, ///< the state machine is missing, or of no use, and the log holds everything: replay
  refuse,  ///< start nothing; touch nothing
};

/// One rule that was looked at.
struct rule_finding {
  std::string rule; ///< "INV-70"
  std::string text; ///< the sentence for the operator, with the values read
  bool is_violated = false;
};

struct check_options {
  /// Log CRC and chain over all entries, structure of both files; else the log's tail.
  bool is_full = true;
  std::chrono::milliseconds digest_budget{2000}; ///< for the digest of all rows; zero: none
  /// Nothing is made beside the files, and no lock taken. Requires: no process has the state
  /// machine open. Without it, SQLite may make the `-shm` of a WAL that holds frames.
  bool leaves_no_trace = false;
  /// What did not match while the node ran; empty: nothing. Then all rows must be compared, or the verdict
  /// is `refuse`.
  std::string suspicion;
  std::optional<base::uuid> expected_cluster; ///< from the configuration, if it names one
  raft::server_id expected_server;            ///< the configured node id; zero: any
};

/// What the node has to do about a pending install before it starts (rule 17).
enum class install_step {
  none,   ///< nothing is pending
  finish, ///< the database is the snapshot already: `log_store::finish_pending_install`
  swap,   ///< the snapshot file verifies: put it in the database's place, then finish
  drop,   ///< the snapshot file is of no use: `log_store::drop_pending_install`
};

inline constexpr std::size_t entries_listed_max = 64;

struct check_report {
  storage::verdict verdict = verdict::ok;
  std::vector<rule_finding> findings; ///< every rule looked at, the violated ones first
  std::optional<raft::entry_id> last_applied;
  std::optional<raft::log_index> commit_index;
  std::optional<raft::log_index> last_index;
  bool digest_was_complete = false;
  /// With `ok`: the WAL lost frames, and the database file alone is whole. Call
  /// `set_wal_aside` before the database is opened (rule 12).
  bool wal_must_be_set_aside = false;
  storage::install_step install = install_step::none;
  /// With `ok`: the state machine is missing or of no use, the log does not reach back to its
  /// beginning, and there are other servers: the rest comes from one of them (rule 19).
  bool state_is_lost = false;
  /// With `rebuild`, or `ok` and `state_is_lost`: what stands in the state machine's place
  /// lost what the log no longer holds, or may be a mixture (rule 12). Call `set_state_aside`
  /// first; it is then a missing one.
  bool state_must_be_set_aside = false;
  /// With `ok`: these entries of the log are damaged and come from another server again; the
  /// first of them, at most `entries_listed_max`. The node takes no part until they did.
  std::vector<raft::log_index> entries_to_repair;
  std::uint64_t duration_ms = 0;
  std::string what_to_do;   ///< for the operator, when not ok
  std::string log_uuid;     ///< of the log, else as the state names it; empty: could not be read
  std::string state_digest; ///< as recorded, in hexadecimal digits; empty: could not be read
};

/// Requires: nobody has either store open, this process included. Runs in a child process
/// of the node: a damaged file may still end the process, which is a `refuse`. A pair of
/// missing stores is `ok` (a new node); a missing log beside an existing state machine is
/// `refuse`. Before a `rebuild` is acted upon, `log_store::reset_checkpoints`. What is to be
/// done about a pending install comes first: `resume_install`.
check_report cross_check(const store_paths& paths, const check_options& options);

/// The names in JSON and logs.
std::string_view to_string(verdict value);
std::string_view to_string(install_step value);
std::string_view to_string(backend value);

/// One JSON object, and back; the form in which the child process answers. Nothing for
/// text that `to_json` cannot have made.
std::string to_json(const check_report& report);
std::optional<check_report> check_report_from_json(std::string_view text);

} // namespace storage
