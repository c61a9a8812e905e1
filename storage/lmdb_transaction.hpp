// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"

struct MDB_txn;
struct MDB_cursor;

/// Transactions and cursors of LMDB with owners. Made by `lmdb_environment`.
namespace storage {

/// A named database within an environment. Valid as long as the environment.
struct lmdb_table {
  unsigned int handle = 0;
};

struct lmdb_item {
  base::byte_view key;
  base::byte_view value;
};

/// What a return code means. `doing` begins the text.
base::error lmdb_error(int code, const std::string& doing);

class lmdb_environment;

/// One transaction; aborted unless committed. Views it hands out live until the next
/// write in it, or its end. A write transaction stays on the thread that began it.
class lmdb_transaction {
public:
  lmdb_transaction(lmdb_transaction&& other) noexcept;
  lmdb_transaction& operator=(lmdb_transaction&& other) noexcept;
  ~lmdb_transaction();

  /// Errors: `not_found` when it does not exist and `create` is false.
  base::result<lmdb_table> open_table(const char* name, bool create);

  /// Nothing when the key is absent.
  base::result<std::optional<base::byte_view>> get(lmdb_table table, base::byte_view key) const;
  /// Inserts or replaces. Errors: `storage_full` (the transaction is lost).
  base::status put(lmdb_table table, base::byte_view key, base::byte_view value);
  /// Inserts after the last key (MDB_APPEND). Errors: `invalid` when it is not the greatest.
  base::status append(lmdb_table table, base::byte_view key, base::byte_view value);
  /// True when the key was there.
  base::result<bool> remove(lmdb_table table, base::byte_view key);
  /// Removes every item of the table.
  base::status clear(lmdb_table table);
  base::result<std::uint64_t> count(lmdb_table table) const;

  /// Ends the transaction. Durable when it succeeds. Errors: `storage_full`, nothing was
  /// written; `sync_failed` and `io`, the outcome is unknown and the owner must stop.
  base::status commit();

private:
  friend class lmdb_environment;
  friend class lmdb_cursor;
  lmdb_transaction(lmdb_environment& owner, MDB_txn* handle) : owner_(&owner), handle_(handle) {}

  base::status put_with(lmdb_table table, base::byte_view key, base::byte_view value,
                        unsigned int flags);
  base::error error_of(int code, const char* doing) const;

  lmdb_environment* owner_;
  MDB_txn* handle_;
  std::uint64_t bytes_put_ = 0;
};

/// A position within one table of one transaction, which it must not outlive.
class lmdb_cursor {
public:
  static base::result<lmdb_cursor> open(lmdb_transaction& within, lmdb_table table);

  lmdb_cursor(lmdb_cursor&& other) noexcept
    : within_(other.within_), handle_(std::exchange(other.handle_, nullptr)) {}
  lmdb_cursor& operator=(lmdb_cursor&&) = delete;
  ~lmdb_cursor();

  /// Each moves and returns the item there; nothing at the table's ends.
  base::result<std::optional<lmdb_item>> first();
  base::result<std::optional<lmdb_item>> last();
  base::result<std::optional<lmdb_item>> next();
  base::result<std::optional<lmdb_item>> previous();
  /// The first item whose key is `key` or greater.
  base::result<std::optional<lmdb_item>> at_or_after(base::byte_view key);
  /// Removes the item it stands on; `next` then yields the one that followed.
  base::status remove_current();

private:
  lmdb_cursor(lmdb_transaction& within, MDB_cursor* handle) : within_(&within), handle_(handle) {}
  base::result<std::optional<lmdb_item>> move(int operation, base::byte_view key);

  lmdb_transaction* within_;
  MDB_cursor* handle_;
};

} // namespace storage
