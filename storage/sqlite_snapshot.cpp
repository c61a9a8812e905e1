// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_snapshot.hpp"

#include <memory>

#include <sqlite3.h>

#include "base/check.hpp"
#include "storage/plain_files.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/sqlite_error.hpp"
#include "storage/sqlite_schema.hpp"
#include "storage/sqlite_verify.hpp"

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

base::status copy_pages(sqlite_database& source, sqlite_database& copy,
                        const std::function<bool()>& keep_going) {
  std::unique_ptr<sqlite3_backup, backup_closer> backup(
      sqlite3_backup_init(copy.handle(), "main", source.handle(), "main"));
  if (!backup)
    return base::fail(copy.error(sqlite3_extended_errcode(copy.handle()), "begin the copy"));
  for (;;) {
    if (!keep_going())
      return base::fail(base::errc::interrupted, "the copy was stopped");
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
                           const std::function<bool()>& keep_going, const std::string& vfs) {
  auto source = sqlite_database::open(
      from, {sqlite_access::read_only, source_busy_timeout, copy_cache_bytes, vfs});
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
  if (auto done = copy_pages(*source, *copy, keep_going); !done)
    return done;
  // The copied header says WAL; a snapshot file is one file.
  return copy->set_pragma("journal_mode", "DELETE", "delete");
}

base::result<snapshot_report> verify_open(sqlite_database& database,
                                          const std::function<bool()>& keep_going) {
  if (auto done = check_format(database); !done)
    return base::fail(done.error());
  auto recorded = read_recorded_state(database);
  if (!recorded)
    return base::fail(recorded.error());
  if (auto done = check_seals(*recorded); !done)
    return base::fail(done.error());
  if (auto done = check_sqlite_structure(database); !done)
    return base::fail(done.error());
  auto verified = verify_sqlite_rows(database, keep_going);
  if (!verified)
    return base::fail(verified.error());
  if (!*verified)
    return base::fail(base::errc::interrupted, "the verification was stopped");
  return snapshot_report{(*verified)->meta, (*verified)->rows, file_size(database.path())};
}

base::result<snapshot_report> verify_file(const std::string& path,
                                          const std::function<bool()>& keep_going) {
  auto database = sqlite_database::open(
      path, {sqlite_access::main_file_only, source_busy_timeout, copy_cache_bytes, {}});
  if (!database)
    return base::fail(database.error());
  return verify_open(*database, keep_going);
}

base::status rewrite_local(const std::string& path, const identity& identity,
                           const log_watermark& watermark) {
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
  auto recorded = read_recorded_state(*database);
  if (!recorded)
    return base::fail(recorded.error());
  if (recorded->replicated.cluster_id == identity.cluster_id)
    return {};
  return base::fail(base::errc::incompatible,
                    "the snapshot is of cluster " + to_string(recorded->replicated.cluster_id)
                        + ", this node of " + to_string(identity.cluster_id));
}

} // namespace

base::result<snapshot_report> write_sqlite_snapshot(const std::string& database,
                                                    const std::string& to,
                                                    const std::function<bool()>& keep_going,
                                                    const std::string& vfs) {
  auto partial = partial_of(to);
  auto doing = "snapshot to " + to;
  if (auto made = make_private_file(partial); !made)
    return base::fail(made.error().within(doing));
  if (auto copied = copy_database(database, partial, keep_going, vfs); !copied)
    return base::fail(copied.error().within(doing));
  auto report = verify_file(partial, keep_going);
  if (!report)
    return base::fail(report.error().within(doing));
  if (auto renamed = sync_and_rename(partial, to); !renamed)
    return base::fail(renamed.error().within(doing));
  return report;
}

base::result<snapshot_report> verify_sqlite_snapshot(const std::string& path) {
  return verify_file(path, [] { return true; });
}

base::result<snapshot_report> prepare_snapshot_install(const std::string& partial,
                                                       const std::string& ready,
                                                       const identity& identity,
                                                       const log_watermark& watermark) {
  auto report = verify_sqlite_snapshot(partial);
  if (!report)
    return base::fail(report.error().within("install " + partial));
  if (auto same = same_cluster(partial, identity); !same)
    return base::fail(same.error().within("install " + partial));
  if (auto rewritten = rewrite_local(partial, identity, watermark); !rewritten)
    return base::fail(rewritten.error().within("install " + partial));
  if (auto renamed = sync_and_rename(partial, ready); !renamed)
    return base::fail(renamed.error().within("install " + partial));
  return report;
}

base::status install_snapshot_file(const std::string& ready, const std::string& database) {
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
