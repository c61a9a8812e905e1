// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/aspen-backup/exit_status.hpp"
#include "tools/common/printer.hpp"

/// The commands, a function each. They print to stdout, and say on stderr how far they are.
namespace aspen_backup {

struct common_options {
  tools::output_format format = tools::output_format::table;
  bool is_quiet = false; ///< no progress
};

struct create_options {
  std::string from; ///< an endpoint, a data directory, or a database file
  std::string to;   ///< a new file, or a directory that gets one of a name of its own
  std::string retain;
  bool may_be_stale = false; ///< the state of that node, asked of nobody else
};

struct restore_options {
  std::string file;
  std::string data_dir;
  std::uint64_t node_id = 0; ///< zero: the one the backup is of
  std::string raft_addr;     ///< empty: what the backup's membership says
  std::string http_addr;
};

outcome<exit_status> create(const create_options& what, const common_options& how);
/// Files, or directories for all backups in them.
outcome<exit_status> verify(const std::vector<std::string>& what, const common_options& how);
outcome<exit_status> list(const std::string& directory, const common_options& how);
outcome<exit_status> prune(const std::string& directory, const std::string& retain, bool is_dry,
                           const common_options& how);
outcome<exit_status> restore(const restore_options& what, const common_options& how);

/// Removes what `retain` does not keep, of each cluster by itself; never `kept_file`, a backup that was verified.
/// The files that went, or would go where `is_dry`. Errors: `usage`; `failed`.
outcome<std::vector<std::string>> apply_retention(const std::string& directory,
                                                  const std::string& retain,
                                                  const std::string& kept_file, bool is_dry);

} // namespace aspen_backup
