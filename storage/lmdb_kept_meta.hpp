// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

struct MDB_env;
struct MDB_txn;

namespace storage {

/// The meta page that a transaction's commit is about to write, as it is before. When the
/// write fails, LMDB puts back the old transaction number alone (mdb.c: mdb_env_write_meta):
/// the page then has the number of one transaction and the trees of a later one, exactly what
/// a flipped bit in the number leaves of a commit that succeeded. With the whole page put
/// back, the one is told from the other (INV-86). The writer's thread.
class lmdb_kept_meta {
public:
  /// Requires: `transaction` has not ended. One that only reads never fails.
  lmdb_kept_meta(MDB_env* environment, MDB_txn* transaction);

  /// After a commit that failed. As well as it can be done on a disk that just failed.
  void put_back() const;

private:
  int file_ = -1;
  std::int64_t offset_ = 0;
  base::bytes content_;
};

} // namespace storage
