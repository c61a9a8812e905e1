// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "storage/lmdb_env.hpp"
#include "storage/lmdb_log_tables.hpp"
#include "storage/log_scan.hpp"

namespace storage {

/// A closed log, looked at without locks and without changing a byte: for the cross-check
/// and the debug tool. Requires: nobody writes to it. A damaged file can end the process
/// unless `check_lmdb_structure` found no fault in it. One thread.
class lmdb_log_reader {
public:
  /// Opens and walks the log; what is wrong with its entries is in `scan().faults`.
  /// Errors: `not_found`; `locked` when this process has it open; `corrupt` and
  /// `incompatible` as `load_log_marks`; `resource`; `io`.
  static base::result<std::unique_ptr<lmdb_log_reader>> open(const std::string& path,
                                                             log_verification how);

  const log_scan& scan() const { return scan_; }
  /// Errors: `corrupt`, naming the index, also when it is missing.
  base::result<raft::entry> entry(raft::log_index index);

  /// The bytes of an entry's record as they stand in the file, unchecked. Errors: `not_found`.
  base::result<base::bytes> record(raft::log_index index);

private:
  lmdb_log_reader(std::unique_ptr<lmdb_environment> environment, lmdb_transaction within,
                  log_tables tables, log_scan scan);

  std::unique_ptr<lmdb_environment> environment_;
  lmdb_transaction within_; ///< held for the reader's whole life: it is alone
  log_tables tables_;
  log_scan scan_;
};

} // namespace storage
