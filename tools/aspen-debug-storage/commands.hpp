// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/aspen-debug-storage/exit_status.hpp"
#include "tools/aspen-debug-storage/stores.hpp"
#include "tools/common/printer.hpp"

/// The commands, a function each. They print to stdout; all read, and none writes beside the stores; `recover`
/// writes a directory of its own.
namespace debug_storage {

/// Entries [from, to], both included; `to` zero: to the last.
struct entry_range {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

struct entries_options {
  entry_range range;
  std::uint64_t count_max = 100; ///< the rest is counted
  bool shows_raw = false;        ///< the record's bytes in hexadecimal digits too
};

struct export_options {
  entry_range range;
  bool leaves_out_entries = false;
  bool leaves_out_rows = false;
};

struct diff_options {
  std::uint64_t shown_max = 20; ///< differences of a kind; the rest is counted
};

struct replay_options {
  std::string snapshot;    ///< a snapshot file to start from; empty: from the beginning
  std::uint64_t up_to = 0; ///< the last entry applied; zero: where the real state machine stands
  std::string out; ///< a new directory that keeps the replayed state machine; empty: it is removed
  diff_options diff;
};

struct recover_options {
  std::string from; ///< the one to recover from; empty: the one that is recommended
  std::string out;  ///< a new or empty directory; empty: nothing is written
  std::uint64_t node_id = 0;
  std::string raft_addr; ///< empty: as in the membership
  std::string http_addr;
};

outcome show_committed(const selection& what, tools::output_format format);
outcome show_log(const selection& what, tools::output_format format);
outcome show_entries(const selection& what, tools::output_format format,
                     const entries_options& options);
outcome show_state(const selection& what, tools::output_format format);
outcome check(const selection& what, tools::output_format format);
/// What `check` says when its own process was ended by the files it read.
outcome report_crash(const std::string& signal, tools::output_format format);
outcome diff(const std::string& left, const std::string& right, tools::output_format format,
             const diff_options& options);
outcome replay(const selection& what, tools::output_format format, const replay_options& options);
/// What is left of a cluster without a quorum: shows each directory, names the one whose log ends last, and with
/// `out` makes a new generation of it, to the end of its log.
outcome recover(const std::vector<std::string>& directories, tools::output_format format,
                const recover_options& options);
/// One JSON object a line.
outcome export_all(const selection& what, const export_options& options);

} // namespace debug_storage
