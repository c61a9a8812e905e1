// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/cross_check.hpp"
#include "storage/log_scan.hpp"
#include "storage/state_inspection.hpp"

/// What the cross-check read, before anything is judged.
namespace storage {

enum class presence { missing, present };

struct log_evidence {
  storage::presence presence = presence::missing;
  std::optional<base::error> failure;        ///< why `scan` is empty
  std::vector<std::string> structure_faults; ///< of the file's pages; then `scan` is empty too
  std::optional<log_scan> scan;
  /// The write counter under the older of LMDB's two meta pages, where it can be read.
  std::optional<std::uint64_t> older_write_counter;
  std::optional<raft::entry> at_last_applied; ///< where the log holds that index, undamaged
};

/// One view of the state machine's file.
struct state_evidence {
  storage::presence presence = presence::missing;
  std::optional<base::error> failure; ///< why `facts` are empty
  std::optional<state_facts> facts;
  std::optional<base::error> structure; ///< what its check found
  std::optional<base::error> rows;      ///< what the digest of all rows found
  bool rows_were_verified = false;      ///< to the end, without a difference
};

struct evidence {
  store_paths paths;
  log_evidence log;
  state_evidence state;
  /// SQLite alone: the database file without its WAL, where the marks say that it must be
  /// whole without it (a checkpoint is complete, none has begun since) and there is a WAL.
  std::optional<state_evidence> main_file;
  /// The file of a pending install.
  std::optional<state_evidence> install;
  bool has_orphan_wal = false;             ///< a WAL without its database
  std::vector<std::string> misplaced;      ///< why a store must not be where it is (INV-49)
  std::optional<std::uint64_t> free_bytes; ///< where the log is
  /// The state machine that another backend left in the data directory.
  std::optional<std::string> other_backends_state;
};

/// Reads both stores as far as they let it.
evidence gather_evidence(const store_paths& paths, const check_options& options);

} // namespace storage
