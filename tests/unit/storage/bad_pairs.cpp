// SPDX-License-Identifier: Apache-2.0
// Stores that do not belong together: lost, mixed, of two moments, of other nodes.
#include "tests/unit/storage/planted_state.hpp"

namespace tests {

namespace {

using storage::backend;
using storage::verdict;
constexpr auto refuse = verdict::refuse;

void keep_all(two_stores& stores, const std::string& label) {
  stores.keep(stores.log_path(), label + ".log");
  stores.keep(stores.state_path(), label + ".db");
  if (std::filesystem::exists(stores.wal()))
    stores.keep(stores.wal(), label + ".wal");
}

void put_back_state(two_stores& stores, const std::string& label) {
  stores.put_back(stores.dir / (label + ".db"), stores.state_path());
}
void put_back_wal(two_stores& stores, const std::string& label) {
  stores.put_back(stores.dir / (label + ".wal"), stores.wal());
}
void put_back_log(two_stores& stores, const std::string& label) {
  stores.put_back(stores.dir / (label + ".log"), stores.log_path());
}

/// Twice the life of `live`, the first half of it kept as "old".
void live_on(two_stores& stores, bool compacts = false) {
  keep_all(stores, "old");
  stores.open();
  stores.put_many(30);
  stores.checkpoint();
  if (compacts)
    stores.compact();
  stores.put("later");
  stores.close();
}

void lose_state(two_stores& stores) {
  for (const auto& path : {stores.state_path(), stores.wal(), stores.state_path() + "-shm"})
    stores.remove(path);
}

/// As SQLite leaves the WAL when the power goes within a checkpoint.
void lose_frames_in_checkpoint(two_stores& stores) {
  stores.close();
  stores.open();
  auto last = stores.state->meta().last_applied.index.value;
  auto completed = stores.log->state().checkpoint_completed.value;
  stores.close();
  set_checkpoints(stores, last, completed);
  constexpr std::uint64_t third_frame = 32 + 2 * (24 + page_bytes);
  flip_bit(stores.wal(), third_frame + 100, 3);
}

std::vector<planted_state> lost_stores() {
  return {
      {"the log is missing", refuse, "INV-70",
       [](auto& stores) { stores.remove(stores.log_path()); }},
      {"the log is missing (lmdb)", refuse, "INV-70",
       [](auto& stores) { stores.remove(stores.log_path()); }, backend::lmdb},
      {"the log and the database are missing, the WAL is there", refuse, "INV-70",
       [](auto& stores) {
         stores.remove(stores.log_path());
         stores.remove(stores.state_path());
       }},
      {"the only voter's database is missing, its log is compacted", refuse, "INV-70",
       [](auto& stores) {
         live_on(stores, true);
         lose_state(stores);
       }},
      {"the database is missing, that of another backend is there", refuse, "INV-70",
       [](auto& stores) {
         std::filesystem::rename(stores.state_path(), stores.dir / "state-machine.lmdb");
       }},
      {"the only voter's database ends before its compacted log", refuse, "INV-76",
       [](auto& stores) {
         live_on(stores, true);
         lose_state(stores);
         put_back_state(stores, "old");
         put_back_wal(stores, "old");
       }},
      {"the only voter's WAL lost frames in a checkpoint, its log is compacted", refuse, "INV-80",
       [](auto& stores) {
         live_on(stores, true);
         stores.open();
         for (int i = 0; i < 20; ++i)
           stores.put("more" + std::to_string(i));
         lose_frames_in_checkpoint(stores);
       }},
  };
}

/// A rollback journal that SQLite would play back: one page of the rows.
void leave_old_journal(two_stores& stores) {
  run_sql(stores.state_path(), "PRAGMA journal_mode=DELETE");
  const auto path = stores.state_path();
  auto page = two_stores::content(path).substr(2 * page_bytes, page_bytes);
  auto number = [](std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<char>(value >> shift));
    return bytes;
  };
  std::uint32_t sum = 7;
  for (auto at = page_bytes - 200; at > 0; at = at > 200 ? at - 200 : 0)
    sum += static_cast<unsigned char>(page[at]);
  auto journal = std::string("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7") + number(1) + number(7) + number(9)
                 + number(512) + number(page_bytes);
  journal.resize(512);
  journal += number(3) + page + number(sum);
  stores.set_content(path + "-journal", journal);
}

std::vector<planted_state> two_moments() {
  return {
      {"the log is older than the database", refuse, "INV-79",
       [](auto& stores) {
         live_on(stores);
         put_back_log(stores, "old");
       }},
      {"the log is older than the database (lmdb)", refuse, "INV-75",
       [](auto& stores) {
         live_on(stores);
         put_back_log(stores, "old");
       },
       backend::lmdb},
      {"the log lost its last transaction, which was applied", refuse, "INV-75",
       [](auto& stores) {
         keep_all(stores, "old");
         stores.open();
         stores.put("one");
         put_back_log(stores, "old");
       }},
      {"the log took another way than the database", refuse, "INV-77",
       [](auto& stores) {
         keep_all(stores, "old");
         stores.open();
         stores.put("this");
         put_back_log(stores, "old");
         stores.open_log();
         stores.commit("that");
         stores.close();
       }},
      {"an old WAL lies beside the database", refuse, "INV-81",
       [](auto& stores) {
         live_on(stores);
         put_back_wal(stores, "old");
         stores.open_log();
         auto last = stores.log->state().hard_state.commit_index.value;
         stores.close();
         set_checkpoints(stores, last, last); // so that the frames are not merely behind
         set_checkpoints(stores, 1, 1);
       }},
      {"an old rollback journal lies beside the database", refuse, "INV-74", leave_old_journal},
      {"an old database lies beside the WAL", refuse, "INV-81",
       [](auto& stores) {
         live_on(stores);
         put_back_state(stores, "old");
       }},
  };
}

std::vector<planted_state> of_others() {
  return {
      {"the database is another cluster's", refuse, "INV-71",
       [](auto& stores) {
         two_stores others;
         live(others);
         lose_state(stores);
         stores.put_back(others.state_path(), stores.state_path());
         stores.put_back(others.wal(), stores.wal());
       }},
      {"the database is another cluster's (lmdb)", refuse, "INV-71",
       [](auto& stores) {
         two_stores others(backend::lmdb);
         live(others);
         stores.put_back(others.state_path(), stores.state_path());
       },
       backend::lmdb},
      {"the log is another cluster's", refuse, "INV-71",
       [](auto& stores) {
         two_stores others;
         live(others);
         stores.put_back(others.log_path(), stores.log_path());
       }},
      {"the WAL is another cluster's", refuse, "INV-71",
       [](auto& stores) {
         two_stores others;
         live(others);
         stores.put_back(others.wal(), stores.wal());
       }},
      {"the database is that of an earlier life of this server", refuse, "INV-71",
       [](auto& stores) {
         keep_all(stores, "old");
         stores.remove(stores.log_path());
         lose_state(stores);
         stores.found();
         live(stores);
         lose_state(stores);
         put_back_state(stores, "old");
         put_back_wal(stores, "old");
       }},
  };
}

std::vector<planted_state> to_be_made_anew() {
  return {
      {"the database is missing, the log holds everything", verdict::rebuild, "",
       [](auto& stores) { stores.remove(stores.state_path()); }},
      {"the database and its WAL are missing, the log holds everything", verdict::rebuild, "",
       lose_state},
      {"the state machine is missing, the log holds everything (lmdb)", verdict::rebuild, "",
       [](auto& stores) { stores.remove(stores.state_path()); }, backend::lmdb},
      {"an old database was put back, the log holds everything", verdict::rebuild, "INV-80",
       [](auto& stores) {
         live_on(stores);
         lose_state(stores);
         put_back_state(stores, "old");
         put_back_wal(stores, "old");
       }},
      {"the WAL lost frames in a checkpoint, the log holds everything", verdict::rebuild, "INV-80",
       lose_frames_in_checkpoint},
      {"the database is missing, others have it", verdict::ok, "",
       [](auto& stores) {
         live_on(stores, true);
         lose_state(stores);
       },
       backend::sqlite, 3},
      {"the database ends before the compacted log, others have it", verdict::ok, "INV-76",
       [](auto& stores) {
         live_on(stores, true);
         lose_state(stores);
         put_back_state(stores, "old");
         put_back_wal(stores, "old");
       },
       backend::sqlite, 3},
  };
}

} // namespace

std::vector<planted_state> bad_pairs() {
  std::vector<planted_state> all;
  for (const auto& some : {lost_stores(), two_moments(), of_others(), to_be_made_anew()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

} // namespace tests
