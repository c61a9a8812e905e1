// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_schema.hpp"

#include <array>
#include <utility>

#include "storage/plain_files.hpp"

namespace storage {

namespace {

constexpr std::string_view creating_suffix = ".creating";

// A rowid table: values of 1 to 4 KiB would each take an overflow page of their own in an
// index b-tree, and measured the same for small ones (docs/decisions). The value stands
// last, so that reading the marks of a row does not walk its overflow pages.
constexpr std::array tables{
    std::pair{"state_machine_kv",
              "CREATE TABLE state_machine_kv("
              " key TEXT PRIMARY KEY NOT NULL, create_revision INTEGER NOT NULL,"
              " mod_revision INTEGER NOT NULL, version INTEGER NOT NULL, digest BLOB NOT NULL,"
              " value BLOB NOT NULL) STRICT"},
    std::pair{"state_machine_meta", "CREATE TABLE state_machine_meta("
                                    " key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)"
                                    " STRICT, WITHOUT ROWID"},
    std::pair{"node_local", "CREATE TABLE node_local("
                            " key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)"
                            " STRICT, WITHOUT ROWID"},
};

base::result<value_table> read_values(sqlite_database& database, const std::string& table) {
  // A limit, because a damaged file could hold anything; ours has under ten values.
  auto statement = database.prepare("SELECT key, value FROM " + table + " LIMIT 100");
  if (!statement)
    return base::fail(statement.error().within(table));
  value_table values;
  for (;;) {
    auto has_row = statement->step();
    if (!has_row)
      return base::fail(has_row.error().within(table));
    if (!*has_row)
      return values;
    values.insert_or_assign(std::string(statement->bytes(0)), std::string(statement->bytes(1)));
  }
}

base::status has_our_tables(sqlite_database& database) {
  auto count =
      database.query_text("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN"
                          " ('state_machine_kv', 'state_machine_meta', 'node_local')");
  if (!count)
    return base::fail(count.error());
  if (*count != "3")
    return base::fail(base::errc::corrupt, "a table of the state machine is missing");
  return {};
}

/// What can only be chosen before the first page is written, and what marks the file.
base::status set_format(sqlite_database& database) {
  struct setting {
    std::string_view name;
    std::string value;
    std::string_view expected;
  };
  auto id = std::to_string(sqlite_application_id);
  auto version = std::to_string(sqlite_schema_version);
  const std::array settings{
      setting{"page_size", "4096", "4096"},    setting{"auto_vacuum", "INCREMENTAL", "2"},
      setting{"encoding", "'UTF-8'", "UTF-8"}, setting{"journal_mode", "DELETE", "delete"},
      setting{"application_id", id, id},       setting{"user_version", version, version},
  };
  for (const auto& each : settings)
    if (auto done = database.set_pragma(each.name, each.value, each.expected); !done)
      return done;
  return {};
}

base::status fill(sqlite_database& database, const identity& identity, const state_meta& meta) {
  if (auto done = set_format(database); !done)
    return done;
  auto transaction = sqlite_transaction::begin_write(database);
  if (!transaction)
    return base::fail(transaction.error());
  for (const auto& [name, definition] : tables)
    if (auto done = database.execute(definition); !done)
      return done;
  if (auto done =
          write_values(database, "state_machine_meta", to_values(identity.cluster_id, meta));
      !done)
    return done;
  if (auto done = write_values(database, "node_local", to_values(identity, log_watermark{}, 0));
      !done)
    return done;
  return transaction->commit();
}

} // namespace

base::status check_format(sqlite_database& database) {
  auto id = database.query_text("PRAGMA application_id");
  if (!id)
    return base::fail(id.error());
  if (*id != std::to_string(sqlite_application_id))
    return base::fail(base::errc::incompatible,
                      database.path() + " is not a state machine of Aspen: its application id is "
                          + *id + ", not " + std::to_string(sqlite_application_id));
  auto version = database.query_text("PRAGMA user_version");
  if (!version)
    return base::fail(version.error());
  if (*version != std::to_string(sqlite_schema_version))
    return base::fail(base::errc::incompatible, database.path() + " has schema version " + *version
                                                    + "; this program reads version "
                                                    + std::to_string(sqlite_schema_version));
  return {};
}

base::status check_schema(sqlite_database& database) {
  for (const auto& [name, definition] : tables) {
    auto found =
        database.query_text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '"
                            + std::string(name) + "'");
    if (!found)
      return base::fail(found.error());
    if (*found != definition)
      return base::fail(base::errc::corrupt, "the table " + std::string(name)
                                                 + " is defined as: " + found->substr(0, 300));
  }
  auto foreign = database.query_text(
      "SELECT type || ' ' || name FROM sqlite_schema WHERE type IN ('index', 'trigger')"
      " AND tbl_name IN ('state_machine_kv', 'state_machine_meta', 'node_local')"
      " AND name NOT LIKE 'sqlite_autoindex_%' LIMIT 1");
  if (!foreign)
    return base::fail(foreign.error());
  if (!foreign->empty())
    return base::fail(base::errc::corrupt, "the " + *foreign + " on our tables is not ours");
  return {};
}

base::result<recorded_state> read_recorded_state(sqlite_database& database) {
  if (auto found = has_our_tables(database); !found)
    return base::fail(found.error());
  auto meta = read_values(database, "state_machine_meta");
  if (!meta)
    return base::fail(meta.error());
  auto local = read_values(database, "node_local");
  if (!local)
    return base::fail(local.error());
  return recorded_from(std::move(*meta), std::move(*local));
}

base::status write_values(sqlite_database& database, const std::string& table,
                          const value_table& values) {
  auto statement = database.prepare(
      "INSERT INTO " + table
      + "(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = excluded.value"
        " WHERE value <> excluded.value");
  if (!statement)
    return base::fail(statement.error());
  for (const auto& [key, value] : values)
    if (auto done = statement->bind_text(1, key).bind_text(2, value).run(); !done)
      return done;
  return {};
}

std::string wal_path(const std::string& path) {
  return path + "-wal";
}
std::string shm_path(const std::string& path) {
  return path + "-shm";
}

base::status create_sqlite_state(const std::string& path, const identity& identity,
                                 const state_meta& meta, const std::string& vfs) {
  if (file_exists(path))
    return base::fail(base::errc::invalid, path + " exists already");
  auto creating = path + std::string(creating_suffix);
  for (const auto& leftover : {creating + "-journal", wal_path(path), shm_path(path)})
    if (auto removed = remove_file(leftover); !removed)
      return removed;
  // SQLite gives its own files the mode of the database.
  if (auto made = make_private_file(creating); !made)
    return made;
  {
    auto database =
        sqlite_database::open(creating, {sqlite_access::read_write, std::chrono::milliseconds{0},
                                         base::limits::mebibyte, vfs});
    if (!database)
      return base::fail(database.error());
    if (auto filled = fill(*database, identity, meta); !filled)
      return base::fail(filled.error().within("create " + path));
  }
  return sync_and_rename(creating, path);
}

} // namespace storage
