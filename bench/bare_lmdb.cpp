// SPDX-License-Identifier: Apache-2.0
#include "bench/bare_lmdb.hpp"

#include <stdexcept>

#include "base/bytes.hpp"
#include "storage/lmdb_env.hpp"

namespace bench {

namespace {

void check(int code) {
  if (code != 0)
    throw std::runtime_error(std::string("bare LMDB: ") + mdb_strerror(code));
}

} // namespace

bare_appender::bare_appender(const std::filesystem::path& path) {
  MDB_env* handle = nullptr;
  check(mdb_env_create(&handle));
  environment_.reset(handle);
  check(mdb_env_set_mapsize(handle, storage::lmdb_map_bytes_default));
  check(mdb_env_open(handle, path.c_str(), MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD, 0600));
  MDB_txn* transaction = nullptr;
  check(mdb_txn_begin(handle, nullptr, 0, &transaction));
  check(mdb_dbi_open(transaction, nullptr, 0, &table_));
  check(mdb_txn_commit(transaction));
}

void bare_appender::append(std::uint64_t count, const std::string& record) {
  MDB_txn* transaction = nullptr;
  check(mdb_txn_begin(environment_.get(), nullptr, 0, &transaction));
  for (std::uint64_t i = 0; i < count; ++i) {
    base::bytes number;
    base::put_big(number, ++last_);
    MDB_val key{number.size(), number.data()};
    MDB_val value{record.size(), const_cast<char*>(record.data())};
    check(mdb_put(transaction, table_, &key, &value, MDB_APPEND));
  }
  check(mdb_txn_commit(transaction));
}

} // namespace bench
