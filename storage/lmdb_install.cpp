// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_install.hpp"

#include "base/check.hpp"
#include "storage/files.hpp"
#include "storage/lmdb_state_file.hpp"
#include "storage/lmdb_structure.hpp"
#include "storage/open_stores.hpp"
#include "storage/plain_files.hpp"

namespace storage {

namespace {

std::string lock_path(const std::string& path) {
  return path + "-lock";
}

base::status check_structure(const std::string& path) {
  auto structure = check_lmdb_structure(path);
  if (!structure)
    return base::fail(structure.error());
  if (!structure->faults.empty())
    return base::fail(base::errc::corrupt, structure->faults.front());
  return {};
}

base::status rewrite_local(lmdb_environment& environment, const lmdb_state_tables& tables,
                           const identity& identity, const log_watermark& watermark) {
  auto transaction = environment.begin_write();
  if (!transaction)
    return base::fail(transaction.error());
  if (auto done = write_values(*transaction, tables.local, to_values(identity, watermark, 0));
      !done)
    return done;
  return transaction->commit();
}

base::result<snapshot_report> verify_in(lmdb_environment& environment,
                                        const lmdb_state_tables& tables, const identity& identity,
                                        const snapshot_watch& watch) {
  auto transaction = environment.begin_read();
  if (!transaction)
    return base::fail(transaction.error());
  auto recorded = read_recorded_state(*transaction, tables);
  if (!recorded)
    return base::fail(recorded.error());
  if (auto same = check_same_cluster(*recorded, identity); !same)
    return base::fail(same.error());
  auto verified = verify_lmdb_rows(*transaction, tables, [&watch] { return watch.may_go_on(); });
  if (!verified)
    return base::fail(verified.error());
  if (!*verified)
    return base::fail(base::errc::interrupted, "the verification was stopped");
  return **verified;
}

base::result<snapshot_report> verify_and_rewrite(const std::string& path, const identity& identity,
                                                 const log_watermark& watermark,
                                                 std::uint64_t map_bytes,
                                                 const snapshot_watch& watch) {
  auto environment = lmdb_environment::open({path, lmdb_access::existing, map_bytes, {}});
  if (!environment)
    return base::fail(environment.error());
  auto tables = open_state_tables(**environment);
  if (!tables)
    return base::fail(tables.error());
  auto report = verify_in(**environment, *tables, identity, watch);
  if (!report)
    return report;
  if (auto done = rewrite_local(**environment, *tables, identity, watermark); !done)
    return base::fail(done.error());
  report->file_bytes = file_size(path);
  return report;
}

} // namespace

base::result<snapshot_report> prepare_lmdb_install(
    const std::string& partial, const std::string& ready, const identity& identity,
    const log_watermark& watermark, std::uint64_t map_bytes, const snapshot_watch& watch) {
  auto doing = "install " + partial;
  if (auto sound = check_structure(partial); !sound)
    return base::fail(sound.error().within(doing));
  auto report = verify_and_rewrite(partial, identity, watermark, map_bytes, watch);
  if (!report)
    return base::fail(report.error().within(doing));
  if (auto removed = remove_file(lock_path(partial)); !removed)
    return base::fail(removed.error().within(doing));
  if (auto renamed = sync_and_rename(partial, ready); !renamed)
    return base::fail(renamed.error().within(doing));
  return report;
}

base::status rewrite_lmdb_values(const std::string& file, std::uint64_t map_bytes,
                                 const identity& identity, const state_meta& meta,
                                 const log_watermark& watermark) {
  {
    auto environment = lmdb_environment::open({file, lmdb_access::existing, map_bytes, {}});
    if (!environment)
      return base::fail(environment.error());
    auto tables = open_state_tables(**environment);
    if (!tables)
      return base::fail(tables.error());
    auto transaction = (*environment)->begin_write();
    if (!transaction)
      return base::fail(transaction.error());
    auto done = transaction->clear(tables->meta);
    if (done)
      done = transaction->clear(tables->local);
    if (done)
      done = write_values(*transaction, tables->meta, to_values(identity.cluster_id, meta));
    if (done)
      done = write_values(*transaction, tables->local, to_values(identity, watermark, 0));
    if (done)
      done = transaction->commit();
    if (!done)
      return done;
  }
  return remove_file(lock_path(file));
}

base::status swap_lmdb_file(const std::string& ready, const std::string& file) {
  // The claims tell whether this process has one of them open.
  for (const auto& each : {ready, file}) {
    auto claim = store_claim::take(each);
    BASE_CHECK(claim.has_value(), "INV-66: a state machine is replaced while it is open");
  }
  if (auto removed = remove_file(lock_path(file)); !removed)
    return base::fail(removed.error().within("install " + ready));
  return sync_and_rename(ready, file);
}

} // namespace storage
