// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_error.hpp"

#include <cerrno>
#include <cstring>
#include <string>

#include <sqlite3.h>

namespace storage {

namespace {

/// The extended codes that mean something else than their primary code does.
base::errc errc_of_io(int extended_code) {
  switch (extended_code) {
  case SQLITE_IOERR_FSYNC:
  case SQLITE_IOERR_DIR_FSYNC: return base::errc::sync_failed;
  case SQLITE_IOERR_NOMEM: return base::errc::resource;
  // The wal-index could not be made as large as it must be.
  case SQLITE_IOERR_SHMSIZE: return base::errc::storage_full;
  case SQLITE_IOERR_SHORT_READ:
  case SQLITE_IOERR_DATA:
  case SQLITE_IOERR_CORRUPTFS: return base::errc::corrupt;
  default: return base::errc::io;
  }
}

bool is_out_of_resources(int system_errno) {
  return system_errno == EMFILE || system_errno == ENFILE || system_errno == ENOMEM;
}

} // namespace

base::errc errc_of_sqlite(int extended_code) {
  switch (extended_code & 0xff) {
  case SQLITE_IOERR: return errc_of_io(extended_code);
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_FORMAT: return base::errc::corrupt;
  case SQLITE_FULL: return base::errc::storage_full;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
  case SQLITE_PROTOCOL: return base::errc::busy;
  case SQLITE_NOMEM: return base::errc::resource;
  case SQLITE_INTERRUPT: return base::errc::interrupted;
  case SQLITE_TOOBIG: return base::errc::limit;
  default: return base::errc::io;
  }
}

base::error sqlite_error(sqlite3* connection, int extended_code, std::string_view doing) {
  auto code = errc_of_sqlite(extended_code);
  auto system_errno = connection != nullptr ? sqlite3_system_errno(connection) : 0;
  if ((extended_code & 0xff) == SQLITE_CANTOPEN && is_out_of_resources(system_errno))
    code = base::errc::resource;
  std::string text(doing);
  text += ": ";
  text += connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(extended_code);
  text += " (" + std::to_string(extended_code);
  if (code != base::errc::busy && system_errno != 0)
    text += std::string(", ") + std::strerror(system_errno);
  return {code, text + ")"};
}

} // namespace storage
