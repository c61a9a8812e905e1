// SPDX-License-Identifier: Apache-2.0
// What only the durable log does: survive, refuse damage, stop when the disk fails.
#include "storage/lmdb_log_store.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <filesystem>

#include "base/check.hpp"
#include "storage/log_codec.hpp"
#include "storage/log_mark_codec.hpp"
#include "tests/contract/log_store_fixture.hpp"

namespace {

using base::errc;
using raft::log_index;
using storage::commit_step;
using storage::lmdb_log_store;

/// A durable log whose n-th commit can be made to fail, and whose file can be edited.
class durable_log : public tests::log_fixture<tests::lmdb_log> {
public:
  storage::lmdb_log_options options() {
    auto made = kind.options();
    made.fault = [this](commit_step step) {
      if (step != fails_at || commits_until_failure-- > 0)
        return 0;
      return fails_with;
    };
    return made;
  }

  base::status try_open(storage::log_verification how = storage::log_verification::everything) {
    store.reset();
    auto wanted = options();
    wanted.verification = how;
    auto opened = lmdb_log_store::open(wanted);
    if (!opened)
      return base::fail(opened.error());
    store = std::move(*opened);
    return {};
  }

  void fail_next(commit_step step, int code) {
    REQUIRE(try_open());
    fails_at = step;
    fails_with = code;
  }
  void heal() { fails_at.reset(); }

  base::status try_append(std::uint64_t term, const std::string& text) {
    return store->append(batch(next(term, {text})));
  }

  /// Changes the closed file through LMDB itself.
  template <class Edit>
  void edit(Edit how) {
    store.reset();
    auto file = storage::lmdb_environment::open(
        {kind.options().path, storage::lmdb_access::existing, kind.options().map_bytes, {}});
    REQUIRE(file);
    auto txn = (*file)->begin_write();
    REQUIRE(txn);
    auto tables = storage::open_log_tables(*txn, false);
    REQUIRE(tables);
    how(*txn, *tables);
    REQUIRE(txn->commit());
  }
  void put_entry(std::uint64_t index, const raft::entry& entry) {
    edit([&](auto& txn, const auto& tables) {
      REQUIRE(txn.put(tables.entries, storage::log_codec::encode_key(log_index{index}),
                      storage::log_codec::encode_entry(entry, seed.identity.log_uuid)));
    });
  }
  void flip_bit_of_entry(std::uint64_t index, std::size_t byte) {
    edit([&](auto& txn, const auto& tables) {
      auto key = storage::log_codec::encode_key(log_index{index});
      std::string record(*txn.get(tables.entries, key).value());
      record[byte] = static_cast<char>(record[byte] ^ 1);
      REQUIRE(txn.put(tables.entries, key, record));
    });
  }

  std::optional<commit_step> fails_at;
  int fails_with = 0;
  int commits_until_failure = 0;
};

} // namespace

TEST_CASE_METHOD(durable_log, "A log is created whole or not at all (INV-38)", "[log]") {
  tests::temp_dir dir("create");
  auto wanted = options();
  wanted.path = dir / "raft-log.lmdb";
  fails_at = commit_step::before;
  fails_with = ENOSPC;
  CHECK(lmdb_log_store::create(wanted, seed).error().code == errc::storage_full);
  CHECK_FALSE(std::filesystem::exists(wanted.path));
  heal();
  REQUIRE(lmdb_log_store::create(wanted, seed)); // the leftover does not stand in the way
  CHECK(lmdb_log_store::open(wanted));
  CHECK(lmdb_log_store::create(wanted, seed).error().code == errc::invalid);
  CHECK_FALSE(std::filesystem::exists(wanted.path + ".new"));
}

TEST_CASE_METHOD(durable_log, "A log that is not there is not found", "[log]") {
  store.reset();
  std::filesystem::remove(kind.options().path);
  CHECK(try_open().error().code == errc::not_found);
  CHECK_FALSE(std::filesystem::exists(kind.options().path));
}

TEST_CASE_METHOD(durable_log, "A log is open once in a process (INV-44)", "[log]") {
  CHECK(lmdb_log_store::open(kind.options()).error().code == errc::locked);
}

TEST_CASE_METHOD(durable_log, "A full disk writes nothing and the log goes on (INV-46)", "[log]") {
  fail_next(commit_step::before, ENOSPC);
  CHECK(try_append(1, "a").error().code == errc::storage_full);
  CHECK(state().last.index == log_index{1});
  heal();
  CHECK(try_append(1, "b"));
  REQUIRE(try_open());
  CHECK(payload(2) == "b");
}

TEST_CASE_METHOD(durable_log, "A failed sync stops the log for good (INV-43)", "[log]") {
  auto step = GENERATE(commit_step::before, commit_step::after);
  fail_next(step, EIO);
  CHECK(try_append(1, "a").error().code == errc::sync_failed);
  heal();
  CHECK(try_append(1, "a").error().code == errc::sync_failed);
  CHECK(store->read(log_index{1}, log_index{1}, 1).error().code == errc::sync_failed);
  CHECK(store->set_checkpoint_started(log_index{1}).error().code == errc::sync_failed);
  CHECK(store->compact(log_index{0}, 0, 0).error().code == errc::sync_failed);
  CHECK(store->drop_pending_install().error().code == errc::sync_failed);
  REQUIRE(try_open()); // only reading it afresh tells what became of the write
  CHECK(state().last.index == log_index{step == commit_step::before ? 1U : 2U});
}

TEST_CASE_METHOD(durable_log, "Whichever write fails for want of room changes nothing (INV-46)",
                 "[log]") {
  append(1, {"a", "b", "c", "d"});
  commit(5);
  checkpoint(3);
  auto install = install_at(4, 1, at(4).chain);
  auto entries = next(1, {"e"});
  std::vector<std::function<bool()>> writes{
      [&] { return store->append(batch(entries)).has_value(); },
      [&] { return store->set_checkpoint_started(log_index{5}).has_value(); },
      [&] { return store->set_checkpoint_completed(log_index{3}).has_value(); },
      [&] { return store->reset_checkpoints().has_value(); },
      [&] { return store->compact(log_index{2}, 1, 1 << 20).has_value(); },
      [&] { return store->set_pending_install(install).has_value(); },
      [&] { return store->drop_pending_install().has_value(); }};
  fail_next(commit_step::before, ENOSPC);
  auto counter = state().write_counter;
  for (const auto& write : writes)
    CHECK_FALSE(write());
  heal();
  REQUIRE(try_open());
  CHECK(state().write_counter == counter);
  CHECK(state().last.index == log_index{5});
  CHECK(state().snapshot.id.index == log_index{0});
  CHECK(state().checkpoint_started == log_index{3});
}

TEST_CASE_METHOD(durable_log, "An install that fails at any commit is finished by the next try",
                 "[log]") {
  append_many(1, 9000);
  commit(9001);
  checkpoint(8900);
  REQUIRE(store->set_pending_install(install_at(8950, 1, at(8950).chain)));
  int failures = 0;
  for (bool is_done = false; !is_done; ++failures) {
    fail_next(commit_step::before, EIO);
    commits_until_failure = failures;
    is_done = store->finish_pending_install().has_value();
    heal();
    REQUIRE(try_open());
    CHECK(state().pending.has_value() == !is_done);
    CHECK(payload(8951) == "8950");
  }
  CHECK(failures == 4); // steps that succeeded are not repeated
  CHECK(state().snapshot.id.index == log_index{8950});
}

TEST_CASE_METHOD(durable_log, "A full map refuses commands but lets the node live (INV-46)",
                 "[log]") {
  store.reset();
  auto wanted = kind.options();
  wanted.map_bytes = 1 << 20;
  auto opened = lmdb_log_store::open(wanted);
  REQUIRE(opened);
  store = std::move(*opened);
  std::string large(30000, 'x');
  while (try_append(1, large))
    REQUIRE(state().last.index < log_index{100});
  CHECK(try_append(1, large).error().code == errc::storage_full);
  auto last = state().last.index.value;
  for (int i = 0; i < 50; ++i)
    commit(last);
  checkpoint(last);
  REQUIRE(store->compact(log_index{last}, 2, 1 << 20));
  commit(last); // LMDB uses freed pages again two transactions later
  CHECK(try_append(1, large));
}

TEST_CASE_METHOD(durable_log, "A write cut short for want of room is a full disk (INV-46)",
                 "[log]") {
  auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit limited{512 * 1024, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limited) == 0);
  base::status appended;
  for (int i = 0; appended && i < 100; ++i)
    appended = try_append(1, std::string(50000, 'x'));
  auto last = state().last.index.value;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, old_handler);
  REQUIRE_FALSE(appended);
  CHECK(appended.error().code == errc::storage_full);
  REQUIRE(try_append(1, "room again"));
  REQUIRE(try_open());
  CHECK(payload(last + 1) == "room again");
}

TEST_CASE_METHOD(durable_log, "Any flipped bit of an entry is found on opening (INV-32)", "[log]") {
  append(1, {"a", "b", "c"});
  auto byte = GENERATE(0U, 1U, 2U, 5U, 8U, 20U, 30U, 50U, 70U, 80U, 84U);
  flip_bit_of_entry(3, byte);
  auto opened = try_open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::corrupt);
  CHECK_THAT(opened.error().text, matchers::ContainsSubstring("entry 3"));
}

TEST_CASE_METHOD(durable_log, "Damage after opening is found by the read (INV-32)", "[log]") {
  append(1, std::vector<std::string>(storage::log_tail_entries + 100, "x"));
  flip_bit_of_entry(50, 80);
  REQUIRE(try_open(storage::log_verification::tail)); // reads only the newest
  auto found = store->read(log_index{40}, log_index{60}, 1000);
  REQUIRE_FALSE(found);
  CHECK(found.error().code == errc::corrupt);
  CHECK_FALSE(try_open());
}

TEST_CASE_METHOD(durable_log, "An entry swapped after opening is found by the read (INV-34)",
                 "[log]") {
  append(1, std::vector<std::string>(storage::log_tail_entries + 100, "x"));
  auto before = at(49);
  put_entry(50, follow(before.id, before.chain, 1, {"X"})[0]);
  REQUIRE(try_open(storage::log_verification::tail));
  CHECK(store->read(log_index{50}, log_index{50}, 1000)); // sound by itself
  for (std::uint64_t first : {40, 51}) {
    auto found = store->read(log_index{first}, log_index{60}, 1000);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == errc::corrupt);
    CHECK_THAT(found.error().text, matchers::ContainsSubstring("INV-34: entry 51 does not follow"));
  }
}

TEST_CASE_METHOD(durable_log, "A verified tail knows as much as a verified log", "[log]") {
  append(1, std::vector<std::string>(100, "x"));
  append(3, std::vector<std::string>(storage::log_tail_entries, "y"));
  auto whole = state();
  REQUIRE(try_open(storage::log_verification::tail));
  CHECK(state().last == whole.last);
  CHECK(state().last_chain == whole.last_chain);
  CHECK(state().term_starts == whole.term_starts);
  CHECK(state().membership == whole.membership);
  append(3, {"z"});
  CHECK(try_open());
}

TEST_CASE_METHOD(durable_log, "An entry swapped for a sound one of another history is found",
                 "[log]") {
  append(1, {"a", "b", "c"});
  auto before = at(2);
  put_entry(3, follow(before.id, before.chain, 1, {"B"})[0]);
  auto opened = try_open();
  REQUIRE_FALSE(opened);
  CHECK_THAT(opened.error().text,
             matchers::ContainsSubstring("INV-34: entry 4 does not follow from entry 3"));
}

TEST_CASE_METHOD(durable_log, "A missing entry is found (INV-33)", "[log]") {
  append(1, {"a", "b", "c"});
  edit([](auto& txn, const auto& tables) {
    REQUIRE(txn.remove(tables.entries, storage::log_codec::encode_key(log_index{3})));
  });
  auto opened = try_open();
  REQUIRE_FALSE(opened);
  CHECK_THAT(opened.error().text, matchers::ContainsSubstring("INV-33: entry 4 follows entry 2"));
}

TEST_CASE_METHOD(durable_log, "A log that lost committed entries is refused (INV-36)", "[log]") {
  append(1, {"a", "b"});
  commit(3);
  edit([](auto& txn, const auto& tables) {
    REQUIRE(txn.remove(tables.entries, storage::log_codec::encode_key(log_index{3})));
  });
  auto opened = try_open();
  REQUIRE_FALSE(opened);
  CHECK_THAT(opened.error().text,
             matchers::ContainsSubstring("commit index 3 lies beyond the last entry 2"));
}

TEST_CASE_METHOD(durable_log, "A log of a future format is incompatible (INV-39)", "[log]") {
  edit([](auto& txn, const auto& tables) {
    REQUIRE(
        storage::put_log_mark(txn, tables, storage::log_codec::mark::format, std::uint64_t{2}, {}));
  });
  auto opened = try_open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::incompatible);
  CHECK_THAT(opened.error().text, matchers::ContainsSubstring("2 found, this program knows 1"));
}

TEST_CASE_METHOD(durable_log, "A missing or damaged mark is corruption (INV-31)", "[log]") {
  auto name = GENERATE(as<std::string>(), "format", "identity", "hard_state", "snapshot_point",
                       "checkpoints", "write_counter");
  edit([&](auto& txn, const auto& tables) { REQUIRE(txn.remove(tables.marks, name)); });
  auto opened = try_open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::corrupt);
  CHECK_THAT(opened.error().text, matchers::ContainsSubstring(name));
}

TEST_CASE_METHOD(durable_log, "A log without its tables is corrupt", "[log]") {
  store.reset();
  std::filesystem::remove(kind.options().path);
  REQUIRE(storage::lmdb_environment::open(
      {kind.options().path, storage::lmdb_access::create, kind.options().map_bytes, {}}));
  CHECK(try_open().error().code == errc::corrupt);
}

TEST_CASE_METHOD(durable_log, "A log that continues from a state begins at that state", "[log]") {
  tests::temp_dir dir("continue");
  auto wanted = kind.options();
  wanted.path = dir / "raft-log.lmdb";
  raft::snapshot_point point{
      {log_index{1ULL << 32}, raft::term{7}}, base::hash_of("anchor"), tests::one_voter()};
  REQUIRE(lmdb_log_store::create(wanted, storage::continuing_seed(seed.identity, point)));
  auto opened = lmdb_log_store::open(wanted);
  REQUIRE(opened);
  store = std::move(*opened);
  CHECK(state().snapshot == point);
  CHECK(state().hard_state.current_term == raft::term{7});
  append(8, {"a"});
  CHECK(payload((1ULL << 32) + 1) == "a");
}

TEST_CASE_METHOD(durable_log, "A server that waits to be admitted has an empty log", "[log]") {
  tests::temp_dir dir("learner");
  auto wanted = kind.options();
  wanted.path = dir / "raft-log.lmdb";
  REQUIRE(lmdb_log_store::create(wanted, storage::genesis_seed(seed.identity, {})));
  auto opened = lmdb_log_store::open(wanted);
  REQUIRE(opened);
  CHECK((*opened)->state().last == raft::entry_id{});
  CHECK((*opened)->state().membership == raft::membership{});
}

namespace {

/// Ten committed entries "1" to "10" at 2 to 11, one not committed at 12, and what they were.
class damaged_log : public durable_log {
public:
  damaged_log() {
    append_many(1, 10);
    commit(11);
    append(1, {"not committed"});
    for (std::uint64_t index = 1; index <= 12; ++index)
      original.push_back(at(index));
  }
  base::status open_damaged() {
    store.reset();
    auto wanted = options();
    wanted.accepts_damage = true;
    auto opened = lmdb_log_store::open(wanted);
    if (!opened)
      return base::fail(opened.error());
    store = std::move(*opened);
    return {};
  }
  std::vector<raft::entry> originals(std::uint64_t first, std::uint64_t last) const {
    return {original.begin() + static_cast<std::ptrdiff_t>(first - 1),
            original.begin() + static_cast<std::ptrdiff_t>(last)};
  }
  std::vector<raft::entry> original; // of index 1 on
};

} // namespace

TEST_CASE_METHOD(damaged_log, "A damaged entry is repaired by the one that stood there (INV-47)",
                 "[log]") {
  auto index = GENERATE(std::uint64_t{1}, std::uint64_t{5}, std::uint64_t{11});
  auto byte = GENERATE(std::size_t{0}, std::size_t{17}, std::size_t{81});
  flip_bit_of_entry(index, byte);
  CHECK_FALSE(try_open());
  REQUIRE(open_damaged());
  REQUIRE(state().damaged.size() == 1);
  CHECK(state().damaged[0].first == log_index{index});
  CHECK(state().damaged[0].last == log_index{index});
  auto counter = state().write_counter;
  REQUIRE(store->repair(originals(index, index)));
  CHECK(state().damaged.empty());
  CHECK(state().write_counter == counter + 1);
  CHECK(state().last == original[11].id);
  CHECK(state().last_chain == original[11].chain);
  CHECK(read(1, 12) == original);
  append(1, {"after"}); // it is a log like any other
  REQUIRE(try_open());
  CHECK(payload(13) == "after");
}

TEST_CASE_METHOD(damaged_log, "Runs of damaged entries are repaired in parts, from the first on",
                 "[log]") {
  for (std::uint64_t index : {3, 4, 5, 9})
    flip_bit_of_entry(index, 81);
  REQUIRE(open_damaged());
  REQUIRE(state().damaged.size() == 2);
  CHECK(state().damaged[0].last == log_index{5});
  REQUIRE(store->repair(originals(3, 4)));
  CHECK(state().damaged[0].first == log_index{5});
  REQUIRE(store->repair(originals(5, 5)));
  CHECK(state().damaged.size() == 1);
  REQUIRE(open_damaged()); // a crash in between loses nothing
  REQUIRE(store->repair(originals(9, 9)));
  CHECK(state().damaged.empty());
  CHECK(read(1, 12) == original);
}

TEST_CASE_METHOD(damaged_log, "An entry that does not fit is not written (INV-47)", "[log]") {
  flip_bit_of_entry(5, 81);
  flip_bit_of_entry(6, 81);
  REQUIRE(open_damaged());
  auto other = follow(original[3].id, original[3].chain, 1, {"other", "others"});
  auto refused = store->repair(other); // follows from 4, does not lead to 7
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid);
  CHECK_THAT(refused.error().text, matchers::ContainsSubstring("entry 7"));
  auto loose = originals(5, 5);
  loose[0].payload = raft::payload("another");
  CHECK(store->repair(loose).error().code == errc::invalid);
  CHECK(state().damaged[0].first == log_index{5});
  CHECK_THROWS_AS(store->repair(originals(6, 6)), base::invariant_violation);
  CHECK_THROWS_AS(store->repair(originals(5, 7)), base::invariant_violation);
  CHECK_THROWS_AS(store->repair({}), base::invariant_violation);
  REQUIRE(store->repair(originals(5, 6)));
  CHECK(read(1, 12) == original);
}

TEST_CASE_METHOD(damaged_log,
                 "What is not committed, missing or misplaced is not repairable (INV-47)",
                 "[log]") {
  SECTION("not committed") {
    flip_bit_of_entry(12, 81);
  }
  SECTION("missing") {
    edit([](auto& txn, const auto& tables) {
      REQUIRE(txn.remove(tables.entries, storage::log_codec::encode_key(log_index{5})));
    });
  }
  SECTION("of another history") {
    put_entry(5, follow(original[3].id, original[3].chain, 1, {"other"})[0]);
  }
  SECTION("damaged beside another fault") {
    flip_bit_of_entry(4, 81);
    put_entry(7, follow(original[5].id, original[5].chain, 1, {"other"})[0]);
  }
  auto opened = open_damaged();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::corrupt);
}

TEST_CASE_METHOD(damaged_log, "Every read of the log finds a flipped bit in any field (INV-32)",
                 "[log]") {
  // Format, kind, length, index, term, time, trace, chain, payload, checksum.
  auto byte =
      GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{4}, std::size_t{8}, std::size_t{16},
               std::size_t{24}, std::size_t{32}, std::size_t{64}, std::size_t{80}, std::size_t{83});
  flip_bit_of_entry(5, byte);
  REQUIRE(open_damaged());
  CHECK(store->read(log_index{5}, log_index{5}, 1 << 20).error().code == errc::corrupt);
  CHECK(store->read(log_index{4}, log_index{7}, 1 << 20).error().code == errc::corrupt);
  // The one behind it cannot be chained to anything.
  CHECK(store->read(log_index{6}, log_index{7}, 1 << 20).error().code == errc::corrupt);
  CHECK(store->read(log_index{7}, log_index{8}, 1 << 20));
}
