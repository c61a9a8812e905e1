// SPDX-License-Identifier: Apache-2.0
// What looks odd and is healthy (two stores, one truth: rule 27).
#include <lmdb.h>

#include "tests/unit/storage/planted_state.hpp"

namespace tests {

namespace {

using storage::backend;
using storage::verdict;
constexpr auto ok = verdict::ok;

planted_state by_sql(const char* name, std::string sql) {
  return {name, ok, "",
          [sql = std::move(sql)](two_stores& stores) { run_sql(stores.state_path(), sql); }};
}

planted_state one(const char* name, std::function<void(two_stores&)> plant,
                  backend kind = backend::sqlite) {
  return {name, ok, "", std::move(plant), kind};
}

void add_file(two_stores& stores, const std::string& name, const std::string& content = "left") {
  std::ofstream(stores.dir / name, std::ios::binary) << content;
}

std::vector<planted_state> by_operators() {
  return {
      one("nothing was done to it", [](auto&) {}),
      one(
          "nothing was done to it (lmdb)", [](auto&) {}, backend::lmdb),
      by_sql("a plain session folded the WAL into the file", "SELECT count(*) FROM node_local"),
      by_sql("the file was vacuumed", "VACUUM"),
      by_sql("free pages were given back", "PRAGMA incremental_vacuum"),
      by_sql("its indexes were made anew", "REINDEX"),
      by_sql("it was analyzed", "ANALYZE"),
      by_sql("it was taken out of WAL mode", "PRAGMA journal_mode=DELETE"),
      by_sql("it holds a table of somebody else", "CREATE TABLE notes(text)"),
      one("the log was copied", [](auto& stores) { copy_log(stores, 0); }),
      one("the log was copied compactly", [](auto& stores) { copy_log(stores, MDB_CP_COMPACT); }),
      one("the log was copied compactly and lives on",
          [](auto& stores) {
            copy_log(stores, MDB_CP_COMPACT);
            stores.open();
            stores.put("after");
            stores.close();
          }),
      one("the lock files are missing",
          [](auto& stores) { stores.remove(stores.log_path() + "-lock"); }),
      one("the wal-index is missing",
          [](auto& stores) { stores.remove(stores.state_path() + "-shm"); }),
      one("the wal-index is nonsense",
          [](auto& stores) { add_file(stores, "state-machine.db-shm", std::string(32768, 'x')); }),
      one("files of unfinished work are left",
          [](auto& stores) {
            for (const auto* name : {"raft-log.lmdb.new", "state-machine.db.creating",
                                     "snapshot-to-send.db.partial", "state-machine.db.aside-1"})
              add_file(stores, name);
          }),
      one("the log's file has room at its end",
          [](auto& stores) {
            set_size(stores.log_path(), two_stores::content(stores.log_path()).size() + 40960);
          }),
      one("everything was put back from a copy of one moment",
          [](auto& stores) {
            auto log = stores.keep(stores.log_path(), "cold.log");
            auto state = stores.keep(stores.state_path(), "cold.db");
            auto wal = stores.keep(stores.wal(), "cold.wal");
            stores.open();
            stores.put_many(5);
            stores.put_back(log, stores.log_path());
            stores.put_back(state, stores.state_path());
            stores.put_back(wal, stores.wal());
          }),
  };
}

std::vector<planted_state> by_crashes() {
  return {
      one("the WAL is empty",
          [](auto& stores) {
            run_sql(stores.state_path(), "PRAGMA wal_checkpoint(TRUNCATE)");
            add_file(stores, "state-machine.db-wal", "");
          }),
      one("the WAL ends within a frame",
          [](auto& stores) {
            set_size(stores.wal(), two_stores::content(stores.wal()).size() - 1000);
          }),
      one("the WAL has a torn frame",
          [](auto& stores) { flip_bit(stores.wal(), 32 + 3 * (24 + 4096) + 100, 1); }),
      one("the WAL has a torn header", [](auto& stores) { flip_bit(stores.wal(), 17, 1); }),
      one("the WAL has nonsense behind its frames",
          [](auto& stores) {
            auto whole = two_stores::content(stores.wal());
            stores.set_content(stores.wal(), whole + std::string(9000, 'n'));
          }),
      one("entries are committed and not applied",
          [](auto& stores) {
            stores.open();
            for (int i = 0; i < 5; ++i)
              stores.commit("later" + std::to_string(i));
            stores.close();
          }),
      one("entries are neither committed nor applied",
          [](auto& stores) {
            stores.open();
            stores.commit("later");
            stores.commit("last");
            stores.close();
            set_hard_state(stores, 1, 1, 40);
          }),
      one("the last transaction of the log was never acknowledged",
          [](auto& stores) {
            auto old = stores.keep(stores.log_path(), "old.log");
            stores.open();
            stores.commit("never told");
            stores.put_back(old, stores.log_path());
          }),
      one("a checkpoint had begun",
          [](auto& stores) {
            stores.open();
            REQUIRE(stores.log->set_checkpoint_started(raft::log_index{39}));
            stores.close();
          }),
      one("a checkpoint was copied and not yet recorded",
          [](auto& stores) {
            stores.open();
            REQUIRE(stores.log->set_checkpoint_started(raft::log_index{39}));
            REQUIRE(stores.state->checkpoint(storage::checkpoint_mode::passive));
            stores.close();
          }),
      one("a checkpoint was recorded and the WAL not yet restarted",
          [](auto& stores) {
            stores.open();
            REQUIRE(stores.log->set_checkpoint_started(raft::log_index{39}));
            REQUIRE(stores.state->checkpoint(storage::checkpoint_mode::passive));
            REQUIRE(stores.log->set_checkpoint_completed(raft::log_index{39}));
            stores.close();
          }),
      one("a checkpoint was recorded, and then the WAL got lost",
          [](auto& stores) {
            stores.open();
            stores.checkpoint();
            stores.remove(stores.wal());
          }),
      one("the log was compacted",
          [](auto& stores) {
            stores.open();
            stores.checkpoint();
            stores.compact();
            stores.close();
          }),
      one("a rebuild was interrupted",
          [](auto& stores) {
            stores.remove(stores.state_path());
            stores.remove(stores.wal());
            stores.open_log();
            REQUIRE(stores.log->reset_checkpoints());
            stores.create_state();
            stores.apply_to(7);
            stores.close();
          }),
  };
}

std::vector<planted_state> by_elections() {
  return {
      one("a vote for a server of no configuration",
          [](auto& stores) { set_hard_state(stores, 4, 9, 39); }),
      one("a vote for a member that was removed since",
          [](auto& stores) {
            set_hard_state(stores, 2, 3, 39);
            raft::entry change;
            stores.open();
            const auto& now = stores.log->state();
            auto members = stores.members;
            std::erase_if(members.voters, [](const auto& one) { return one.id.value == 3; });
            change.id = {now.last.index.next(), raft::term{2}};
            change.kind = raft::entry_kind::membership;
            change.payload = raft::payload(raft::encode(members));
            change.chain =
                raft::next_chain(now.last_chain, change.id, change.kind, change.payload.hash());
            auto index = change.id.index;
            REQUIRE(stores.log->append(
                {{std::move(change)}, std::nullopt, {raft::term{2}, raft::server_id{3}, index}}));
            stores.apply_to(index.value);
            stores.close();
          }),
      one("a term in which it has not voted",
          [](auto& stores) { set_hard_state(stores, 17, 0, 39); }),
  };
}

} // namespace

std::vector<planted_state> odd_states() {
  std::vector<planted_state> all;
  for (auto& each : by_elections())
    each.voters = 3, all.push_back(each);
  for (const auto& some : {by_operators(), by_crashes()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

} // namespace tests
