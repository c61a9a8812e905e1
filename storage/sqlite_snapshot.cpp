// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_snapshot.hpp"

#include <algorithm>
#include <future>
#include <memory>

#include <sqlite3.h>

#include "base/check.hpp"
#include "storage/files.hpp"
#include "storage/plain_files.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/sqlite_error.hpp"
#include "storage/sqlite_file_check.hpp"
#include "storage/sqlite_schema.hpp"

namespace storage {

namespace {

constexpr int pages_per_step = 1024;
constexpr std::size_t copy_cache_bytes = 2 * base::limits::mebibyte;
constexpr std::chrono::milliseconds source_busy_timeout{1000};

struct backup_closer {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

std::string partial_of(const std::string& path) {
  return path + ".partial";
}

base::result<sqlite_database> open_copy(const std::string& path, const std::string& vfs) {
  return sqlite_database::open(
      path, {sqlite_access::read_write, std::chrono::milliseconds{0}, copy_cache_bytes, vfs});
}

/// The copy is worth nothing until it is whole, so nothing protects it meanwhile; it is
/// synced as a file before it gets its name.
base::status relax(sqlite_database& copy) {
  if (auto done = copy.set_pragma("locking_mode", "EXCLUSIVE", "exclusive"); !done)
    return done;
  if (auto done = copy.set_pragma("journal_mode", "MEMORY", "memory"); !done)
    return done;
  return copy.set_pragma("synchronous", "OFF", "0");
}

/// The WAL cannot be reused while the copy holds its read transaction (rule 13).
class wal_budget {
public:
  wal_budget(const std::string& database, std::uint64_t bytes_max)
    : path_(wal_path(database)), bytes_max_(std::max(bytes_max, file_size(path_))) {}

  base::status check() const {
    auto bytes = file_size(path_);
    if (bytes <= bytes_max_)
      return {};
    return base::fail(base::errc::limit, "the copy made the WAL grow to " + std::to_string(bytes)
                                             + " bytes; its bound is "
                                             + std::to_string(bytes_max_));
  }

private:
  std::string path_;
  std::uint64_t bytes_max_; ///< a file that was larger before is reused as it is
};

base::status copy_pages(sqlite_database& source, sqlite_database& copy,
                        const snapshot_watch& watch) {
  wal_budget budget(source.path(), watch.held_bytes_max);
  std::unique_ptr<sqlite3_backup, backup_closer> backup(
      sqlite3_backup_init(copy.handle(), "main", source.handle(), "main"));
  if (!backup)
    return base::fail(copy.error(sqlite3_extended_errcode(copy.handle()), "begin the copy"));
  for (;;) {
    if (!watch.may_go_on())
      return base::fail(base::errc::interrupted, "the copy was stopped");
    if (auto within = budget.check(); !within)
      return within;
    int code = sqlite3_backup_step(backup.get(), pages_per_step);
    if (code == SQLITE_DONE)
      break;
    if (code != SQLITE_OK)
      return base::fail(sqlite_error(nullptr, code, "copy pages"));
  }
  int code = sqlite3_backup_finish(backup.release());
  if (code != SQLITE_OK)
    return base::fail(sqlite_error(nullptr, code, "end the copy"));
  return {};
}

base::status copy_database(const std::string& from, const std::string& to,
                           const snapshot_watch& watch, const std::string& vfs,
                           sqlite_access access) {
  auto source = sqlite_database::open(from, {access, source_busy_timeout, copy_cache_bytes, vfs});
  if (!source)
    return base::fail(source.error());
  if (auto done = check_format(*source); !done)
    return done;
  auto copy = open_copy(to, vfs);
  if (!copy)
    return base::fail(copy.error());
  if (auto done = relax(*copy); !done)
    return done;
  // With a read transaction open the backup does not begin and end its own at each step.
  auto snapshot = sqlite_transaction::begin_read(*source);
  if (!snapshot)
    return base::fail(snapshot.error());
  if (auto recorded = read_recorded_state(*source); !recorded)
    return base::fail(recorded.error());
  if (auto done = copy_pages(*source, *copy, watch); !done)
    return done;
  // The copied header says WAL; a snapshot file is one file.
  return copy->set_pragma("journal_mode", "DELETE", "delete");
}

/// The factor covers the copy itself and what the WAL may come to hold meanwhile.
std::uint64_t space_for_copy(const std::string& database) {
  return base::limits::snapshot_space_factor
         * (file_size(database) + file_size(wal_path(database)));
}

/// What an earlier try under this name left would be rolled back into the file.
base::status remove_journals(const std::string& path) {
  for (const auto& leftover : {path + "-journal", wal_path(path), shm_path(path)})
    if (auto removed = remove_file(leftover); !removed)
      return removed;
  return {};
}

base::status rewrite_local(const std::string& path, const identity& identity,
                           const log_watermark& watermark) {
  if (auto removed = remove_journals(path); !removed)
    return removed;
  auto database = open_copy(path, {});
  if (!database)
    return base::fail(database.error());
  auto transaction = sqlite_transaction::begin_write(*database);
  if (!transaction)
    return base::fail(transaction.error());
  if (auto done = write_values(*database, "node_local", to_values(identity, watermark, 0)); !done)
    return done;
  return transaction->commit();
}

base::status same_cluster(const std::string& path, const identity& identity) {
  auto database = sqlite_database::open(
      path, {sqlite_access::main_file_only, source_busy_timeout, copy_cache_bytes, {}});
  if (!database)
    return base::fail(database.error());
  if (auto done = check_format(*database); !done)
    return done;
  auto recorded = read_recorded_state(*database);
  if (!recorded)
    return base::fail(recorded.error());
  return check_same_cluster(*recorded, identity);
}

} // namespace

base::result<snapshot_report> write_sqlite_snapshot(const std::string& database,
                                                    const std::string& to,
                                                    const snapshot_watch& watch,
                                                    const std::string& vfs, sqlite_access access) {
  auto partial = partial_of(to);
  auto doing = "snapshot to " + to;
  if (auto enough = check_free_space(to, space_for_copy(database)); !enough)
    return base::fail(enough.error().within(doing));
  if (auto made = make_private_file(partial); !made)
    return base::fail(made.error().within(doing));
  if (auto copied = copy_database(database, partial, watch, vfs, access); !copied)
    return base::fail(copied.error().within(doing));
  // The sync waits for the device, the checks for the processor.
  auto synced = std::async(std::launch::async, [&partial] { return sync_file(partial); });
  auto report = check_sqlite_file(partial, [&watch] { return watch.may_go_on(); });
  if (auto done = synced.get(); !done)
    return base::fail(done.error().within(doing));
  if (!report)
    return base::fail(report.error().within(doing));
  if (auto renamed = durable_rename(partial, to); !renamed)
    return base::fail(renamed.error().within(doing));
  return report;
}

base::result<snapshot_report> prepare_sqlite_install(const std::string& partial,
                                                     const std::string& ready,
                                                     const identity& identity,
                                                     const log_watermark& watermark,
                                                     const snapshot_watch& watch) {
  auto doing = "install " + partial;
  if (auto same = same_cluster(partial, identity); !same)
    return base::fail(same.error().within(doing));
  auto report = check_sqlite_file(partial, [&watch] { return watch.may_go_on(); });
  if (!report)
    return base::fail(report.error().within(doing));
  if (auto rewritten = rewrite_local(partial, identity, watermark); !rewritten)
    return base::fail(rewritten.error().within(doing));
  if (auto renamed = sync_and_rename(partial, ready); !renamed)
    return base::fail(renamed.error().within(doing));
  return report;
}

base::status rewrite_sqlite_values(const std::string& file, const identity& identity,
                                   const state_meta& meta, const log_watermark& watermark) {
  if (auto removed = remove_journals(file); !removed)
    return removed;
  auto database = open_copy(file, {});
  if (!database)
    return base::fail(database.error());
  auto transaction = sqlite_transaction::begin_write(*database);
  if (!transaction)
    return base::fail(transaction.error());
  auto done = database->execute("DELETE FROM state_machine_meta");
  if (done)
    done = database->execute("DELETE FROM node_local");
  if (done)
    done = write_values(*database, "state_machine_meta", to_values(identity.cluster_id, meta));
  if (done)
    done = write_values(*database, "node_local", to_values(identity, watermark, 0));
  return done ? transaction->commit() : done;
}

base::status swap_sqlite_file(const std::string& ready, const std::string& database) {
  BASE_CHECK(!is_open_in_sqlite(database) && !is_open_in_sqlite(ready),
             "INV-66: a database is replaced while it is open");
  for (const auto& beside : {wal_path(database), shm_path(database), database + "-journal"})
    if (auto removed = remove_file(beside); !removed)
      return base::fail(removed.error().within("install " + ready));
  if (auto synced = sync_directory_of(database); !synced)
    return base::fail(synced.error().within("install " + ready));
  return sync_and_rename(ready, database);
}

} // namespace storage
