// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_state_file.hpp"

#include "storage/lmdb_rows.hpp"
#include "storage/plain_files.hpp"

namespace storage {

namespace {

constexpr std::string_view kind_key = "kind";
constexpr std::string_view kind_value = "aspen state machine";
constexpr std::string_view version_key = "version";
constexpr std::string_view version_value = "1";
constexpr std::uint64_t rows_between_questions = 4096;
constexpr std::size_t copy_bytes_per_transaction = 16 * 1024 * 1024;

std::string lock_path(const std::string& path) {
  return path + "-lock";
}

base::result<lmdb_state_tables> tables_of(lmdb_transaction& transaction, bool create) {
  lmdb_state_tables tables;
  struct entry {
    lmdb_table& table;
    const char* name;
  };
  for (const auto& each :
       {entry{tables.format, "format"}, entry{tables.rows, "state_machine_kv"},
        entry{tables.meta, "state_machine_meta"}, entry{tables.local, "node_local"}}) {
    auto opened = transaction.open_table(each.name, create);
    if (!opened)
      return base::fail(opened.error().within(each.name));
    each.table = *opened;
  }
  return tables;
}

base::status check_format(lmdb_transaction& transaction, lmdb_table format,
                          const std::string& path) {
  auto kind = transaction.get(format, kind_key);
  if (!kind)
    return base::fail(kind.error());
  auto version = transaction.get(format, version_key);
  if (!version)
    return base::fail(version.error());
  auto found = std::string(kind->value_or("nothing"));
  if (found != kind_value)
    return base::fail(base::errc::incompatible,
                      path + " is not a state machine of Aspen but " + found.substr(0, 100));
  if (*version != version_value)
    return base::fail(base::errc::incompatible,
                      path + " has version " + std::string(version->value_or("none"))
                          + "; this program reads version " + std::string(version_value));
  return {};
}

base::result<value_table> read_values(lmdb_transaction& transaction, lmdb_table table) {
  auto cursor = lmdb_cursor::open(transaction, table);
  if (!cursor)
    return base::fail(cursor.error());
  value_table values;
  auto item = cursor->first();
  for (; item && *item; item = cursor->next())
    values.insert_or_assign(std::string((*item)->key), std::string((*item)->value));
  if (!item)
    return base::fail(item.error());
  return values;
}

base::status fill(lmdb_environment& environment, const identity& identity, const state_meta& meta) {
  auto transaction = environment.begin_write();
  if (!transaction)
    return base::fail(transaction.error());
  auto tables = tables_of(*transaction, true);
  if (!tables)
    return base::fail(tables.error());
  value_table format{{std::string(kind_key), std::string(kind_value)},
                     {std::string(version_key), std::string(version_value)}};
  if (auto done = write_values(*transaction, tables->format, format); !done)
    return done;
  if (auto done = write_values(*transaction, tables->meta, to_values(identity.cluster_id, meta));
      !done)
    return done;
  if (auto done = write_values(*transaction, tables->local, to_values(identity, {}, 0)); !done)
    return done;
  return transaction->commit();
}

/// Copies all items of a table in transactions of a bounded size: LMDB keeps the pages of
/// one in memory.
base::status copy_table(lmdb_transaction& from, lmdb_table source, lmdb_environment& to,
                        lmdb_table target, const snapshot_watch& watch) {
  auto cursor = lmdb_cursor::open(from, source);
  if (!cursor)
    return base::fail(cursor.error());
  auto item = cursor->first();
  while (item && *item) {
    if (!watch.may_go_on())
      return base::fail(base::errc::interrupted, "the copy was stopped");
    auto transaction = to.begin_write();
    if (!transaction)
      return base::fail(transaction.error());
    std::size_t bytes = 0;
    for (; item && *item && bytes < copy_bytes_per_transaction; item = cursor->next()) {
      if (auto done = transaction->put(target, (*item)->key, (*item)->value); !done)
        return done;
      bytes += (*item)->key.size() + (*item)->value.size();
    }
    if (auto done = transaction->commit(); !done)
      return done;
  }
  if (!item)
    return base::fail(item.error());
  return {};
}

base::result<snapshot_report> verify_whole(lmdb_transaction& transaction,
                                           const lmdb_state_tables& tables,
                                           const snapshot_watch& watch) {
  auto verified = verify_lmdb_rows(transaction, tables, [&watch] { return watch.may_go_on(); });
  if (!verified)
    return base::fail(verified.error());
  if (!*verified)
    return base::fail(base::errc::interrupted, "the verification was stopped");
  return **verified;
}

base::result<snapshot_report> copy_and_verify(lmdb_transaction& from,
                                              const lmdb_state_tables& tables,
                                              const std::string& path, std::uint64_t map_bytes,
                                              const snapshot_watch& watch) {
  auto environment = lmdb_environment::open({path, lmdb_access::existing, map_bytes, {}});
  if (!environment)
    return base::fail(environment.error());
  auto targets = open_state_tables(**environment);
  if (!targets)
    return base::fail(targets.error());
  for (auto [source, target] :
       {std::pair{tables.rows, targets->rows}, std::pair{tables.local, targets->local},
        std::pair{tables.meta, targets->meta}})
    if (auto copied = copy_table(from, source, **environment, target, watch); !copied)
      return base::fail(copied.error());
  auto transaction = (*environment)->begin_read();
  if (!transaction)
    return base::fail(transaction.error());
  return verify_whole(*transaction, *targets, watch);
}

} // namespace

base::result<lmdb_state_tables> open_state_tables(lmdb_environment& environment) {
  auto transaction = environment.begin_read();
  if (!transaction)
    return base::fail(transaction.error());
  auto tables = tables_of(*transaction, false);
  if (!tables) {
    auto code = tables.error().code == base::errc::not_found ? base::errc::incompatible
                                                             : tables.error().code;
    return base::fail(code, environment.path()
                                + " is not a state machine of Aspen: " + tables.error().text);
  }
  if (auto done = check_format(*transaction, tables->format, environment.path()); !done)
    return base::fail(done.error());
  // Only a commit keeps the handles open (lmdb.h, mdb_dbi_open).
  if (auto done = transaction->commit(); !done)
    return base::fail(done.error());
  return tables;
}

base::result<recorded_state> read_recorded_state(lmdb_transaction& transaction,
                                                 const lmdb_state_tables& tables) {
  auto meta = read_values(transaction, tables.meta);
  if (!meta)
    return base::fail(meta.error());
  auto local = read_values(transaction, tables.local);
  if (!local)
    return base::fail(local.error());
  return recorded_from(std::move(*meta), std::move(*local));
}

base::status write_values(lmdb_transaction& transaction, lmdb_table table,
                          const value_table& values) {
  for (const auto& [key, value] : values)
    if (auto done = transaction.put(table, key, value); !done)
      return done;
  return {};
}

base::result<std::optional<snapshot_report>> verify_lmdb_rows(
    lmdb_transaction& transaction, const lmdb_state_tables& tables,
    const std::function<bool()>& keep_going) {
  auto recorded = read_recorded_state(transaction, tables);
  if (!recorded)
    return base::fail(recorded.error());
  if (auto sealed = check_seals(*recorded); !sealed)
    return base::fail(sealed.error());
  snapshot_report report{recorded->replicated.meta, 0, 0};
  state_digest sum;
  bool is_stopped = false;
  auto walked =
      lmdb_rows(transaction, tables.rows)
          .for_each({}, [&](std::string_view key, const lmdb_row& row) -> base::result<bool> {
            if (report.rows++ % rows_between_questions == 0 && !keep_going()) {
              is_stopped = true;
              return false;
            }
            if (row_digest(key, row.mark, row.value) != row.digest)
              return base::fail(base::errc::corrupt, "INV-56: a row does not match its digest: "
                                                         + std::string(key.substr(0, 100)));
            add(sum, row.digest);
            return true;
          });
  if (!walked)
    return base::fail(walked.error());
  if (is_stopped)
    return std::nullopt;
  if (sum != report.meta.digest)
    return base::fail(base::errc::corrupt, "INV-56: the digest of all rows is " + to_hex(sum)
                                               + ", the recorded one is "
                                               + to_hex(report.meta.digest));
  return report;
}

base::status create_lmdb_state(const std::string& path, std::uint64_t map_bytes,
                               const identity& identity, const state_meta& meta) {
  if (file_exists(path))
    return base::fail(base::errc::invalid, path + " exists already");
  auto creating = path + ".creating";
  for (const auto& leftover : {creating, lock_path(creating), lock_path(path)})
    if (auto removed = remove_file(leftover); !removed)
      return removed;
  {
    auto environment = lmdb_environment::open({creating, lmdb_access::create, map_bytes, {}});
    if (!environment)
      return base::fail(environment.error());
    if (auto filled = fill(**environment, identity, meta); !filled)
      return base::fail(filled.error().within("create " + path));
  }
  if (auto removed = remove_file(lock_path(creating)); !removed)
    return removed;
  return sync_and_rename(creating, path);
}

base::result<snapshot_report> write_lmdb_snapshot(lmdb_transaction& from,
                                                  const lmdb_state_tables& tables,
                                                  const std::string& to, std::uint64_t map_bytes,
                                                  const snapshot_watch& watch) {
  auto partial = to + ".partial";
  auto doing = "snapshot to " + to;
  if (auto removed = remove_file(partial); !removed)
    return base::fail(removed.error().within(doing));
  if (auto made = create_lmdb_state(partial, map_bytes, {}, {}); !made)
    return base::fail(made.error().within(doing));
  auto report = copy_and_verify(from, tables, partial, map_bytes, watch);
  if (!report)
    return base::fail(report.error().within(doing));
  report->file_bytes = file_size(partial);
  if (auto removed = remove_file(lock_path(partial)); !removed)
    return base::fail(removed.error().within(doing));
  if (auto renamed = sync_and_rename(partial, to); !renamed)
    return base::fail(renamed.error().within(doing));
  return report;
}

} // namespace storage
