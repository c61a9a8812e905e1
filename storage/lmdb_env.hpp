// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "storage/lmdb_transaction.hpp"
#include "storage/open_stores.hpp"

struct MDB_env;

/// An LMDB data file with an owner. Errors of LMDB and of the system become
/// `base::error`; durability flags are never relaxed.
namespace storage {

enum class lmdb_access {
  create,    ///< read and write; the file is made when it is missing
  existing,  ///< read and write; the file must exist
  read_only, ///< no locks, no writes: requires that nobody writes meanwhile
};

/// Where a test may make a commit fail.
enum class commit_step {
  before, ///< nothing has reached the file
  after,  ///< it is durable, but the caller is told otherwise
};
/// Returns an errno or MDB code to fail with, zero to go on. For tests of what a store
/// does when the disk fails.
using commit_fault = std::function<int(commit_step)>;

/// Address space, not disk: the file grows as needed and is sparse.
inline constexpr std::uint64_t lmdb_map_bytes_default = std::uint64_t{64} << 30;
/// What writes that free space or keep the node alive may take beyond the map size.
inline constexpr std::uint64_t lmdb_map_reserve_bytes = std::uint64_t{16} << 20;

struct lmdb_options {
  std::string path; ///< the data file itself; its lock file is `path` + "-lock"
  lmdb_access access = lmdb_access::existing;
  std::uint64_t map_bytes = lmdb_map_bytes_default;
  commit_fault fault; ///< empty: none
};

struct lmdb_sizes {
  std::uint64_t page_bytes = 0;
  std::uint64_t map_bytes = 0;
  std::uint64_t file_bytes = 0;
};

/// One open data file: MDB_NOSUBDIR, MDB_NOTLS, MDB_NORDAHEAD, mode 0600. At most one in
/// a process for a file (`store_claim`). One thread writes; readers may be on others.
class lmdb_environment {
public:
  /// Errors: `not_found`; `locked` when this process has it open; `corrupt` for a file
  /// that is no LMDB file; `incompatible` for one of another LMDB format; `resource`; `io`.
  static base::result<std::unique_ptr<lmdb_environment>> open(lmdb_options options);

  ~lmdb_environment();
  lmdb_environment(const lmdb_environment&) = delete;
  lmdb_environment& operator=(const lmdb_environment&) = delete;

  base::result<lmdb_transaction> begin_read();
  base::result<lmdb_transaction> begin_write();

  /// Lets the following writes grow the map by `lmdb_map_reserve_bytes`, or no longer.
  /// Requires: no transaction is open.
  base::status use_reserve(bool allowed);

  lmdb_sizes sizes() const;
  const std::string& path() const { return options_.path; }

private:
  explicit lmdb_environment(lmdb_options options);
  base::status open_file();
  int fault_at(commit_step step) const { return options_.fault ? options_.fault(step) : 0; }
  base::error commit_error(int code) const;
  base::error explain_commit(int code, std::uint64_t bytes_put) const;

  friend class lmdb_transaction;
  lmdb_options options_;
  std::optional<store_claim> claim_;
  MDB_env* handle_ = nullptr;
};

} // namespace storage
