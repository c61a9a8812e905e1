// SPDX-License-Identifier: Apache-2.0
// What can be wrong with the state machine's file alone.
#include "storage/digest.hpp"
#include "tests/unit/storage/planted_state.hpp"

namespace tests {

namespace {

using storage::backend;
using storage::verdict;
constexpr auto refuse = verdict::refuse;

/// Planted by a session of the `sqlite3` command.
planted_state by_sql(const char* name, const char* rule, std::string sql) {
  return {name, refuse, rule,
          [sql = std::move(sql)](two_stores& stores) { run_sql(stores.state_path(), sql); }};
}

planted_state by_forgery(const char* name, const char* rule,
                         std::function<void(recorded_values&)> change) {
  return {name, refuse, rule, [change](two_stores& stores) { forge(stores, change); }};
}

/// Planted into the database file after its WAL was folded into it.
planted_state by_bytes(const char* name, const char* rule,
                       std::function<void(const std::string&)> change) {
  return {name, refuse, rule, [change](two_stores& stores) {
            run_sql(stores.state_path(), "PRAGMA wal_checkpoint(TRUNCATE)");
            change(stores.state_path());
          }};
}

std::string set_meta(const std::string& key, const std::string& value) {
  return "UPDATE state_machine_meta SET value = '" + value + "' WHERE key = '" + key + "'";
}

std::string set_local(const std::string& key, const std::string& value) {
  return "UPDATE node_local SET value = '" + value + "' WHERE key = '" + key + "'";
}

std::uint64_t root_of(const std::string& path, const std::string& object) {
  return std::stoull(
             query_sql(path, "SELECT rootpage FROM sqlite_schema WHERE name = '" + object + "'"))
         - 1; // SQLite counts from 1
}

std::vector<planted_state> edited_values() {
  const std::string uuid = "11111111-2222-4333-8444-555555555555";
  return {
      by_sql("last_applied was set ahead", "INV-75",
             set_meta("last_applied_log", R"({"term":1,"index":999})")),
      by_sql("last_applied was set back", "INV-74",
             set_meta("last_applied_log", R"({"term":1,"index":37})")),
      by_sql("the term of last_applied was changed", "INV-77",
             set_meta("last_applied_log", R"({"term":0,"index":39})")),
      by_sql("last_applied is no number", "INV-74", set_meta("last_applied_log", "many")),
      by_sql("last_applied was removed", "INV-74",
             "DELETE FROM state_machine_meta WHERE key = 'last_applied_log'"),
      by_sql("the chain was changed", "INV-77", set_meta("chain", std::string(32, '0'))),
      by_sql("the digest was changed", "INV-83", set_meta("digest", std::string(64, '0'))),
      by_sql("the digest is of another version", "INV-72", set_meta("digest_version", "2")),
      by_sql("the membership is no membership", "INV-74", set_meta("membership", "00")),
      by_sql("the cluster id was changed", "INV-71", set_meta("cluster_id", uuid)),
      by_sql("the seal was removed", "INV-74", "DELETE FROM state_machine_meta WHERE key = 'seal'"),
      by_sql("a value was added", "INV-74",
             "INSERT INTO state_machine_meta VALUES('more', 'of it')"),
      by_sql("the log's uuid was changed", "INV-71", set_local("log_uuid", uuid)),
      by_sql("the server id was changed", "INV-71", set_local("server_id", "2")),
      by_sql("the incarnation was changed", "INV-71", set_local("incarnation", uuid)),
      by_sql("the watermark was removed", "INV-74",
             "DELETE FROM node_local WHERE key = 'log_committed'"),
      by_sql("the count of restarts was changed", "INV-74", set_local("wal_restarts", "77")),
  };
}

std::vector<planted_state> forged_values() {
  return {
      by_forgery("last_applied was set ahead and sealed", "INV-75",
                 [](auto& all) { all.meta.last_applied.index = raft::log_index{40}; }),
      by_forgery("the term of last_applied has not begun", "INV-85",
                 [](auto& all) { all.meta.last_applied.term = raft::term{2}; }),
      by_forgery("last_applied is of another term, and sealed", "INV-77",
                 [](auto& all) { all.meta.last_applied.term = raft::term{0}; }),
      by_forgery("the chain was changed and sealed", "INV-77",
                 [](auto& all) { ++all.meta.chain.low; }),
      by_forgery("the membership was changed and sealed", "INV-78",
                 [](auto& all) { all.meta.membership.voters[0].id = raft::server_id{2}; }),
      by_forgery("a digest of nothing, sealed", "INV-83", [](auto& all) { all.meta.digest = {}; }),
      by_forgery("the watermark of the log is ahead of it", "INV-79",
                 [](auto& all) { all.watermark.write_counter += 1000; }),
      by_forgery("the watermark of the commit index is ahead of it", "INV-79",
                 [](auto& all) { all.watermark.committed = raft::log_index{40}; }),
      by_forgery("it is another server's, sealed", "INV-71",
                 [](auto& all) { all.identity.server = raft::server_id{2}; }),
  };
}

/// A value with its right digest, and a sum of digests that does not know it.
void replace_row(two_stores& stores) {
  auto text = [&](const char* column) {
    return query_sql(stores.state_path(),
                     std::string("SELECT ") + column + " FROM state_machine_kv WHERE key = 'key5'");
  };
  storage::row_mark mark{storage::revision{std::stoull(text("create_revision"))},
                         storage::revision{std::stoull(text("mod_revision"))},
                         std::stoull(text("version"))};
  auto digest = base::to_hex(storage::to_bytes(storage::row_digest("key5", mark, "w")));
  run_sql(stores.state_path(), "UPDATE state_machine_kv SET value = x'77', digest = x'" + digest
                                   + "' WHERE key = 'key5'");
}

std::vector<planted_state> edited_rows() {
  const std::string row = " WHERE key = 'key5'";
  return {
      by_sql("a value was changed", "INV-83", "UPDATE state_machine_kv SET value = x'00'" + row),
      by_sql("a value was emptied", "INV-83", "UPDATE state_machine_kv SET value = x''" + row),
      by_sql("a key was changed", "INV-83", "UPDATE state_machine_kv SET key = 'kez5'" + row),
      by_sql("a version was changed", "INV-83", "UPDATE state_machine_kv SET version = 9" + row),
      by_sql("a revision was changed", "INV-83",
             "UPDATE state_machine_kv SET mod_revision = mod_revision + 1" + row),
      by_sql("a digest was changed", "INV-83",
             "UPDATE state_machine_kv SET digest = zeroblob(32)" + row),
      by_sql("a digest is cut short", "INV-83", "UPDATE state_machine_kv SET digest = x'00'" + row),
      by_sql("a row was removed", "INV-83", "DELETE FROM state_machine_kv" + row),
      by_sql("all rows were removed", "INV-83", "DELETE FROM state_machine_kv"),
      by_sql("a row was added", "INV-83",
             "INSERT INTO state_machine_kv VALUES('new', 2, 2, 1, zeroblob(32), x'01')"),
      by_sql("two rows changed their keys", "INV-83",
             "UPDATE state_machine_kv SET key = 'x' WHERE key = 'key1';"
             "UPDATE state_machine_kv SET key = 'key1' WHERE key = 'key2';"
             "UPDATE state_machine_kv SET key = 'key2' WHERE key = 'x'"),
      {"a value was changed with its digest", refuse, "INV-83", replace_row},
  };
}

std::vector<planted_state> edited_schemas() {
  return {
      by_sql("the rows' table was dropped", "INV-74", "DROP TABLE state_machine_kv"),
      by_sql("the values' table was dropped", "INV-74", "DROP TABLE state_machine_meta"),
      by_sql("this node's table was dropped", "INV-74", "DROP TABLE node_local"),
      by_sql("a column was added", "INV-74", "ALTER TABLE state_machine_kv ADD COLUMN more TEXT"),
      by_sql("an index was added", "INV-74", "CREATE INDEX more ON state_machine_kv(version)"),
      by_sql("a trigger was added", "INV-74",
             "CREATE TRIGGER more AFTER INSERT ON state_machine_kv BEGIN SELECT 1; END"),
      by_sql("it has another application's id", "INV-72", "PRAGMA application_id = 0"),
      by_sql("it has a future schema", "INV-72", "PRAGMA user_version = 2"),
      by_sql("it has the schema version of none", "INV-72", "PRAGMA user_version = 0"),
  };
}

std::vector<planted_state> damaged_bytes() {
  return {
      by_bytes("its first page is zero", "INV-74", [](auto& path) { zero_page(path, 0); }),
      by_bytes("the root of its rows is zero", "INV-74",
               [](auto& path) { zero_page(path, root_of(path, "state_machine_kv")); }),
      by_bytes("the root of its key index is zero", "INV-74",
               [](auto& path) {
                 zero_page(path, root_of(path, "sqlite_autoindex_state_machine_kv_1"));
               }),
      by_bytes("a page of rows is zero", "INV-74",
               [](auto& path) { zero_page(path, page_of(path, std::string(200, 'v'))); }),
      by_bytes("the pointer map is zero", "INV-74", [](auto& path) { zero_page(path, 1); }),
      by_bytes("two pages changed places", "INV-74",
               [](auto& path) {
                 swap_pages(path, root_of(path, "state_machine_kv"),
                            page_of(path, std::string(200, 'v')));
               }),
      by_bytes("it is cut in half", "INV-74",
               [](auto& path) {
                 set_size(path, two_stores::content(path).size() / 2 / page_bytes * page_bytes);
               }),
      by_bytes("its last page is missing", "INV-74",
               [](auto& path) { set_size(path, two_stores::content(path).size() - page_bytes); }),
      by_bytes("it is cut within a page", "INV-74",
               [](auto& path) { set_size(path, page_bytes + 100); }),
      by_bytes("it is empty", "INV-72", [](auto& path) { set_size(path, 0); }),
      by_bytes("it is a text", "INV-74",
               [](auto& path) { overwrite(path, 0, "this was a database once"); }),
      by_bytes("a bit of a value flipped", "INV-83",
               [](auto& path) {
                 flip_bit(path, two_stores::content(path).find(std::string(200, 'v')) + 50, 3);
               }),
      by_bytes("its header makes it read-only", "INV-74",
               [](auto& path) { flip_bit(path, 18, 0); }),
      by_bytes("its header states another encoding", "INV-74",
               [](auto& path) { flip_bit(path, 59, 1); }),
      by_bytes("its header states another page size", "INV-74",
               [](auto& path) { flip_bit(path, 16, 5); }),
      by_bytes(
          "its schema has a flipped bit", "INV-74",
          [](auto& path) { flip_bit(path, two_stores::content(path).find("mod_revision"), 5); }),
      by_bytes("its list of free pages leads into its rows", "INV-74",
               [](auto& path) { overwrite(path, 32, std::string("\0\0\0\3\0\0\0\1", 8)); }),
  };
}

/// Through LMDB's own interface, in a table of the state machine's file.
void edit_state(two_stores& stores, const char* table, const std::string& key,
                const std::string& value) {
  stores.close();
  auto file = two_stores::value_of(storage::lmdb_environment::open(
      {stores.state_path(), storage::lmdb_access::existing, two_stores::map_bytes, {}}));
  auto txn = two_stores::value_of(file->begin_write());
  auto handle = two_stores::value_of(txn.open_table(table, false));
  REQUIRE(txn.put(handle, key, value));
  REQUIRE(txn.commit());
}

std::vector<planted_state> of_the_lmdb_backend() {
  auto one = [](const char* name, const char* rule, std::function<void(two_stores&)> plant) {
    return planted_state{name, refuse, rule, std::move(plant), backend::lmdb};
  };
  return {
      one("last_applied was set ahead (lmdb)", "INV-75",
          [](auto& stores) {
            edit_state(stores, "state_machine_meta", "last_applied_log",
                       R"({"term":1,"index":999})");
          }),
      one("a row is nonsense (lmdb)", "INV-83",
          [](auto& stores) {
            edit_state(stores, "state_machine_kv", std::string(8, '\0') + "key5", "nonsense");
          }),
      one("a row was added (lmdb)", "INV-83",
          [](auto& stores) {
            edit_state(stores, "state_machine_kv", std::string(8, '\0') + "kez5",
                       std::string(60, 'x'));
          }),
      one("it has a future version (lmdb)", "INV-72",
          [](auto& stores) { edit_state(stores, "format", "version", "2"); }),
      one("it is another program's (lmdb)", "INV-72",
          [](auto& stores) { edit_state(stores, "format", "kind", "a phone book"); }),
      one("it is empty (lmdb)", "INV-74", [](auto& stores) { set_size(stores.state_path(), 0); }),
      one("it is cut in half (lmdb)", "INV-74",
          [](auto& stores) {
            set_size(stores.state_path(), two_stores::content(stores.state_path()).size() / 2);
          }),
      one("a page of rows is zero (lmdb)", "INV-74",
          [](auto& stores) {
            zero_page(stores.state_path(),
                      two_stores::content(stores.state_path()).size() / page_bytes - 1);
          }),
  };
}

} // namespace

std::vector<planted_state> bad_state_machines() {
  std::vector<planted_state> all;
  for (const auto& some : {edited_values(), forged_values(), edited_rows(), edited_schemas(),
                           damaged_bytes(), of_the_lmdb_backend()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

} // namespace tests
