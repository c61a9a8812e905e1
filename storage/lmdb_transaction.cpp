// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_transaction.hpp"

#include <lmdb.h>

#include "base/check.hpp"
#include "storage/lmdb_env.hpp"
#include "storage/lmdb_kept_meta.hpp"
#include "storage/system_error.hpp"

namespace storage {

using base::errc;

namespace {

errc code_of(int code) {
  switch (code) {
  case MDB_NOTFOUND: return errc::not_found;
  case MDB_MAP_FULL: return errc::storage_full;
  case MDB_CORRUPTED:
  case MDB_PAGE_NOTFOUND:
  case MDB_INVALID:
  case MDB_CURSOR_FULL: return errc::corrupt;
  case MDB_VERSION_MISMATCH:
  case MDB_INCOMPATIBLE: return errc::incompatible;
  case MDB_READERS_FULL:
  case MDB_DBS_FULL:
  case MDB_MAP_RESIZED: return errc::resource;
  case MDB_TXN_FULL: return errc::limit;
  case MDB_KEYEXIST:
  case MDB_BAD_VALSIZE:
  case MDB_BAD_TXN:
  case MDB_BAD_DBI:
  case MDB_BAD_RSLOT: return errc::invalid;
  case MDB_PANIC: return errc::io;
  default: return system_errc(code);
  }
}

MDB_val value_of(base::byte_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())}; // LMDB does not write through it
}

base::byte_view view_of(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

} // namespace

base::error lmdb_error(int code, const std::string& doing) {
  return {code_of(code), doing + ": " + mdb_strerror(code)};
}

lmdb_transaction::lmdb_transaction(lmdb_transaction&& other) noexcept
  : owner_(other.owner_), handle_(std::exchange(other.handle_, nullptr)),
    bytes_put_(other.bytes_put_) {}

lmdb_transaction& lmdb_transaction::operator=(lmdb_transaction&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(handle_, other.handle_);
  std::swap(bytes_put_, other.bytes_put_);
  return *this;
}

lmdb_transaction::~lmdb_transaction() {
  if (handle_ != nullptr)
    mdb_txn_abort(handle_);
}

base::error lmdb_transaction::error_of(int code, const char* doing) const {
  return lmdb_error(code, owner_->path() + ": " + doing);
}

base::result<lmdb_table> lmdb_transaction::open_table(const char* name, bool create) {
  lmdb_table table;
  if (int code = mdb_dbi_open(handle_, name, create ? MDB_CREATE : 0, &table.handle); code != 0)
    return base::fail(error_of(code, "open table").within(name));
  return table;
}

base::result<std::optional<base::byte_view>> lmdb_transaction::get(lmdb_table table,
                                                                   base::byte_view key) const {
  auto wanted = value_of(key);
  MDB_val found{};
  int code = mdb_get(handle_, table.handle, &wanted, &found);
  if (code == MDB_NOTFOUND)
    return std::optional<base::byte_view>{};
  if (code != 0)
    return base::fail(error_of(code, "get"));
  return std::optional(view_of(found));
}

base::status lmdb_transaction::put_with(lmdb_table table, base::byte_view key,
                                        base::byte_view value, unsigned int flags) {
  auto name = value_of(key);
  auto content = value_of(value);
  bytes_put_ += key.size() + value.size();
  if (int code = mdb_put(handle_, table.handle, &name, &content, flags); code != 0)
    return base::fail(error_of(code, "put"));
  return {};
}

base::status lmdb_transaction::put(lmdb_table table, base::byte_view key, base::byte_view value) {
  return put_with(table, key, value, 0);
}

base::status lmdb_transaction::append(lmdb_table table, base::byte_view key,
                                      base::byte_view value) {
  return put_with(table, key, value, MDB_APPEND);
}

base::result<bool> lmdb_transaction::remove(lmdb_table table, base::byte_view key) {
  auto name = value_of(key);
  int code = mdb_del(handle_, table.handle, &name, nullptr);
  if (code == MDB_NOTFOUND)
    return false;
  if (code != 0)
    return base::fail(error_of(code, "remove"));
  return true;
}

base::status lmdb_transaction::clear(lmdb_table table) {
  if (int code = mdb_drop(handle_, table.handle, 0); code != 0)
    return base::fail(error_of(code, "clear"));
  return {};
}

base::result<std::uint64_t> lmdb_transaction::count(lmdb_table table) const {
  MDB_stat facts{};
  if (int code = mdb_stat(handle_, table.handle, &facts); code != 0)
    return base::fail(error_of(code, "count"));
  return std::uint64_t{facts.ms_entries};
}

base::status lmdb_transaction::commit() {
  BASE_CHECK(handle_ != nullptr, "a transaction is committed once");
  auto* handle = std::exchange(handle_, nullptr);
  if (int code = owner_->fault_at(commit_step::before); code != 0) {
    mdb_txn_abort(handle);
    return base::fail(owner_->commit_error(code));
  }
  lmdb_kept_meta meta(mdb_txn_env(handle), handle);
  if (int code = mdb_txn_commit(handle); code != 0) { // frees the handle in any case
    meta.put_back();
    return base::fail(owner_->explain_commit(code, bytes_put_));
  }
  if (int code = owner_->fault_at(commit_step::after); code != 0)
    return base::fail(owner_->commit_error(code));
  return {};
}

base::result<lmdb_cursor> lmdb_cursor::open(lmdb_transaction& within, lmdb_table table) {
  MDB_cursor* handle = nullptr;
  if (int code = mdb_cursor_open(within.handle_, table.handle, &handle); code != 0)
    return base::fail(within.error_of(code, "open cursor"));
  return lmdb_cursor(within, handle);
}

lmdb_cursor::~lmdb_cursor() {
  if (handle_ != nullptr)
    mdb_cursor_close(handle_);
}

base::result<std::optional<lmdb_item>> lmdb_cursor::move(int operation, base::byte_view key) {
  auto name = value_of(key);
  MDB_val value{};
  int code = mdb_cursor_get(handle_, &name, &value, static_cast<MDB_cursor_op>(operation));
  if (code == MDB_NOTFOUND)
    return std::optional<lmdb_item>{};
  if (code != 0)
    return base::fail(within_->error_of(code, "move cursor"));
  return std::optional(lmdb_item{view_of(name), view_of(value)});
}

base::result<std::optional<lmdb_item>> lmdb_cursor::first() {
  return move(MDB_FIRST, {});
}
base::result<std::optional<lmdb_item>> lmdb_cursor::last() {
  return move(MDB_LAST, {});
}
base::result<std::optional<lmdb_item>> lmdb_cursor::next() {
  return move(MDB_NEXT, {});
}
base::result<std::optional<lmdb_item>> lmdb_cursor::previous() {
  return move(MDB_PREV, {});
}

base::result<std::optional<lmdb_item>> lmdb_cursor::at_or_after(base::byte_view key) {
  return move(MDB_SET_RANGE, key);
}

base::status lmdb_cursor::remove_current() {
  if (int code = mdb_cursor_del(handle_, 0); code != 0)
    return base::fail(within_->error_of(code, "remove at cursor"));
  return {};
}

} // namespace storage
