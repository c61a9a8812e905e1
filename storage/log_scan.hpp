// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/lmdb_log_tables.hpp"

/// A walk over a whole log, and the judgement of what it found.
namespace storage {

enum class log_verification {
  everything, ///< checksum, place and chain of every entry
  tail,       ///< of the newest `log_tail_entries`; the others are only counted
};

/// What an in-process restart verifies again.
inline constexpr std::uint64_t log_tail_entries = 1024;

/// One thing that is wrong with a log. `rule` is the number of the broken invariant.
struct log_fault {
  const char* rule;
  base::errc code = base::errc::corrupt;
  std::string text;
};

/// At most this many faults of entries are listed; a damaged log may hold thousands.
inline constexpr std::size_t log_faults_max = 8;

/// More damaged entries than this are not repaired one by one.
inline constexpr std::uint64_t damaged_entries_max = 4096;
inline constexpr std::size_t damaged_runs_max = 64;

struct log_scan {
  log_marks marks;
  raft::entry_id last;
  raft::chain_hash last_chain;
  std::vector<raft::term_start> term_starts;
  std::vector<membership_at> memberships;
  std::uint64_t entries = 0;
  std::uint64_t entry_bytes = 0;
  /// Entries that cannot be read though the file can, each named among the faults too.
  std::vector<raft::damaged_run> damaged;
  bool is_beyond_repair = false; ///< there are faults that a peer's entries cannot mend
  std::vector<log_fault> faults; ///< empty: the log keeps INV-32 to INV-36, INV-40, INV-41
};

/// Whether all that is wrong are committed entries, whose peers' copies can be put in their
/// places (INV-47).
inline bool is_repairable(const log_scan& scan) {
  return !scan.damaged.empty() && !scan.is_beyond_repair;
}

/// Walks the log within a transaction. A damaged entry is a fault, and the walk goes on
/// behind it. Errors: those of `load_log_marks`, and LMDB's own.
base::result<log_scan> scan_log(lmdb_transaction& within, const log_tables& tables,
                                log_verification how);

/// The store's memory of a log without faults but those that can be repaired.
log_outline outline_of(log_scan scan);

} // namespace storage
