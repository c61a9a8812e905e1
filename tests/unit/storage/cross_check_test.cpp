// SPDX-License-Identifier: Apache-2.0
// Rules of the cross-check one by one, with real files.
#include "storage/cross_check.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "storage/log_codec.hpp"
#include "tests/support/store_damage.hpp"
#include "tests/support/two_stores.hpp"

using matchers::ContainsSubstring;
using matchers::StartsWith;
using raft::log_index;
using storage::backend;
using storage::verdict;
using tests::run_sql;
using tests::two_stores;
using tests::violation;
using tests::violations;

namespace {

/// Sets the durable commit index, below what the state machine has applied.
void set_commit_index(two_stores& stores, std::uint64_t index) {
  stores.edit_log([&](auto& txn, const auto& tables) {
    raft::hard_state state{raft::term{1}, raft::server_id{1}, log_index{index}};
    REQUIRE(storage::put_log_mark(txn, tables, storage::log_codec::mark::hard_state, state,
                                  stores.who.log_uuid));
  });
}

} // namespace

TEST_CASE("Two healthy stores may start", "[cross-check]") {
  two_stores stores(GENERATE(backend::sqlite, backend::lmdb));
  stores.put_many(20);
  stores.checkpoint();
  stores.put("after");
  auto report = stores.check_ok();
  CHECK(report.last_applied == raft::entry_id{log_index{22}, raft::term{1}});
  CHECK(report.commit_index == log_index{22});
  CHECK(report.last_index == log_index{22});
  CHECK(report.digest_was_complete);
  CHECK(report.what_to_do.empty());
  CHECK(violations(report) == 0);
}

TEST_CASE("The check changes neither store", "[cross-check]") {
  two_stores stores;
  stores.put_many(5);
  stores.close();
  auto log = two_stores::content(stores.log_path());
  auto state = two_stores::content(stores.state_path());
  auto wal = two_stores::content(stores.wal());
  stores.check_ok();
  CHECK(two_stores::content(stores.log_path()) == log);
  CHECK(two_stores::content(stores.state_path()) == state);
  CHECK(two_stores::content(stores.wal()) == wal);
}

TEST_CASE("Stores of another node are refused, naming both (INV-71)", "[cross-check]") {
  two_stores stores;
  storage::check_options options;
  options.expected_server = raft::server_id{7};
  auto report = stores.check(options);
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-71"), ContainsSubstring("found 1, expected 7"));
}

TEST_CASE("Stores of another cluster are refused, naming both (INV-71)", "[cross-check]") {
  two_stores stores;
  storage::check_options options;
  options.expected_cluster = base::uuid_from_name("elsewhere");
  auto report = stores.check(options);
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-71"), ContainsSubstring(to_string(stores.who.cluster_id)));
  CHECK_THAT(violation(report, "INV-71"), ContainsSubstring(to_string(*options.expected_cluster)));
  options.expected_cluster = stores.who.cluster_id;
  CHECK(stores.check(options).verdict == verdict::ok);
}

TEST_CASE("A log and a state machine that do not belong together are refused (INV-71)",
          "[cross-check]") {
  auto kind = GENERATE(backend::sqlite, backend::lmdb);
  two_stores stores(kind);
  two_stores others(kind);
  stores.put("a");
  others.put("a");
  others.close();
  stores.remove(stores.wal());
  stores.put_back(others.state_path(), stores.state_path());
  if (kind == backend::sqlite)
    stores.put_back(others.wal(), stores.wal());
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-71"), ContainsSubstring("state machine"));
}

TEST_CASE("A log of a future format is refused, naming both versions (INV-72)", "[cross-check]") {
  two_stores stores;
  stores.edit_log([](auto& txn, const auto& tables) {
    REQUIRE(
        storage::put_log_mark(txn, tables, storage::log_codec::mark::format, std::uint64_t{9}, {}));
  });
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-72"), ContainsSubstring("9 found, this program knows 1"));
}

TEST_CASE("A state machine of a future schema is refused, naming both versions (INV-72)",
          "[cross-check]") {
  two_stores stores;
  stores.close();
  run_sql(stores.state_path(), "PRAGMA user_version = 9");
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-72"), ContainsSubstring("9"));
}

TEST_CASE("A log cut short is refused, not crashed upon (INV-73)", "[cross-check]") {
  two_stores stores(GENERATE(backend::sqlite, backend::lmdb));
  stores.put_many(100);
  stores.close();
  auto whole = two_stores::content(stores.log_path());
  for (auto keep : {std::size_t{0}, std::size_t{5000}, whole.size() / 2}) {
    stores.set_content(stores.log_path(), whole.substr(0, keep));
    auto report = stores.check();
    CHECK(report.verdict == verdict::refuse);
    CHECK_FALSE(violation(report, "INV-73").empty());
  }
}

TEST_CASE("Any flipped bit of an entry is refused (INV-32)", "[cross-check]") {
  two_stores stores;
  stores.put_many(5);
  stores.edit_log([](auto& txn, const auto& tables) {
    auto key = storage::log_codec::encode_key(log_index{4});
    std::string record(*txn.get(tables.entries, key).value());
    record[90] = static_cast<char>(record[90] ^ 1);
    REQUIRE(txn.put(tables.entries, key, record));
  });
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-32"), ContainsSubstring("entry 4"));
}

TEST_CASE("A damaged entry that others hold is no refusal (INV-47)", "[cross-check]") {
  two_stores stores(backend::sqlite, 3);
  stores.put_many(6);
  auto flip = [](auto& txn, const auto& tables, std::uint64_t index) {
    auto key = storage::log_codec::encode_key(log_index{index});
    std::string record(*txn.get(tables.entries, key).value());
    record[90] = static_cast<char>(record[90] ^ 1);
    REQUIRE(txn.put(tables.entries, key, record));
  };
  stores.edit_log([&](auto& txn, const auto& tables) {
    flip(txn, tables, 3);
    flip(txn, tables, 4);
  });
  auto report = stores.check_ok();
  CHECK(report.entries_to_repair == std::vector{log_index{3}, log_index{4}});
  auto back = storage::check_report_from_json(storage::to_json(report));
  REQUIRE(back);
  CHECK(back->entries_to_repair == report.entries_to_repair);
  // Beside anything else that is wrong it is a refusal like any other.
  set_commit_index(stores, 3);
  auto worse = stores.check();
  CHECK(worse.verdict == verdict::refuse);
  CHECK_FALSE(violation(worse, "INV-32").empty());
  CHECK(worse.entries_to_repair.empty());
}

TEST_CASE("A state that other replicas outvoted is refused, with both digests (INV-29)",
          "[cross-check]") {
  auto kind = GENERATE(backend::sqlite, backend::lmdb);
  two_stores stores(kind, 3);
  stores.put_many(3);
  raft::state_outvote what{{log_index{4}, 1, {1, 2, 3, 4}}, {log_index{4}, 1, {5, 6, 7, 8}}};
  REQUIRE(stores.state->record_outvoted(what));
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK(violations(report) == 1);
  auto said = violation(report, "INV-29");
  CHECK_THAT(said, ContainsSubstring("index 4"));
  CHECK_THAT(said,
             ContainsSubstring("0000000000000001000000000000000200000000000000030000000000000004"));
  CHECK_THAT(said,
             ContainsSubstring("0000000000000005000000000000000600000000000000070000000000000008"));
  CHECK_THAT(report.what_to_do, ContainsSubstring("remove " + stores.state_path()));
  // Without that state there is nothing to be held against the node.
  stores.remove(stores.state_path());
  stores.remove(stores.wal());
  CHECK(stores.check().verdict == verdict::rebuild);
}

TEST_CASE("A missing entry is refused (INV-33)", "[cross-check]") {
  two_stores stores;
  stores.put_many(5);
  stores.edit_log([](auto& txn, const auto& tables) {
    REQUIRE(txn.remove(tables.entries, storage::log_codec::encode_key(log_index{4})));
  });
  CHECK_THAT(violation(stores.check(), "INV-33"), ContainsSubstring("entry 5 follows entry 3"));
}

TEST_CASE("A state machine that is no database is refused (INV-74)", "[cross-check]") {
  two_stores stores(GENERATE(backend::sqlite, backend::lmdb));
  stores.put("a");
  stores.remove(stores.wal());
  stores.set_content(stores.state_path(), std::string(8192, 'x'));
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_FALSE(violation(report, "INV-74").empty());
}

TEST_CASE("Edited replicated values are refused (INV-74)", "[cross-check]") {
  two_stores stores;
  stores.put_many(3);
  stores.close();
  run_sql(stores.state_path(), "UPDATE state_machine_meta SET value = '{\"term\":1,\"index\":3}' "
                               "WHERE key = 'last_applied_log'");
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-74"), ContainsSubstring("checksum"));
}

TEST_CASE("An edited row is refused (INV-83)", "[cross-check]") {
  two_stores stores;
  stores.put_many(3);
  stores.close();
  run_sql(stores.state_path(), "UPDATE state_machine_kv SET value = x'00' WHERE key = 'key1'");
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-83"), ContainsSubstring("key1"));
  CHECK_FALSE(report.digest_was_complete);
}

TEST_CASE("Without a budget the rows are left for later", "[cross-check]") {
  two_stores stores;
  stores.put_many(3);
  storage::check_options options;
  options.digest_budget = std::chrono::milliseconds{0};
  auto report = stores.check(options);
  CHECK(report.verdict == verdict::ok);
  CHECK_FALSE(report.digest_was_complete);
}

TEST_CASE("After a suspicion rows that were not all compared are refused (INV-144)",
          "[cross-check]") {
  two_stores stores;
  stores.put_many(3);
  storage::check_options options;
  options.suspicion = "a row did not match";
  CHECK(stores.check(options).verdict == verdict::ok);
  options.digest_budget = std::chrono::milliseconds{0};
  auto report = stores.check(options);
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-83"), ContainsSubstring("a row did not match"));
}

TEST_CASE("A state machine ahead of the log is refused in the words of the guide (INV-75)",
          "[cross-check]") {
  two_stores stores(GENERATE(backend::sqlite, backend::lmdb));
  stores.put_many(5);
  set_commit_index(stores, 4);
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK(report.findings[0].rule == "INV-75");
  CHECK(report.findings[0].text
        == "State machine corruption detected: last_applied (6) exceeds committed (4)");
  CHECK_FALSE(violation(report, "INV-79").empty()); // every violated rule is listed
}

TEST_CASE("A log that went back is refused (INV-79)", "[cross-check]") {
  two_stores stores(GENERATE(backend::sqlite, backend::lmdb));
  stores.put_many(3);
  auto old = stores.keep(stores.log_path(), "old.lmdb");
  stores.open();
  stores.commit("x");
  stores.commit("y");
  stores.apply_to(5);
  stores.put_back(old, stores.log_path());
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-79"), ContainsSubstring("the log went back"));
  CHECK_THAT(report.findings[0].text, StartsWith("State machine corruption detected"));
}

TEST_CASE("Another entry at the same index is refused (INV-77)", "[cross-check]") {
  two_stores stores;
  stores.put("a", "one");
  auto kept = stores.keep(stores.log_path(), "fork.lmdb");
  // Two futures of one log: the state machine followed the other one.
  stores.open();
  stores.put("b", "this");
  stores.put_back(kept, stores.log_path());
  stores.open_log();
  stores.commit("b", "that");
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-77"), ContainsSubstring("the stores differ"));
}

TEST_CASE("Another membership at the same index is refused (INV-78)", "[cross-check]") {
  two_stores stores;
  stores.put_many(3);
  stores.checkpoint();
  stores.compact();
  auto point = stores.log->state().snapshot;
  point.membership.voters[0].id = raft::server_id{2};
  stores.edit_log([&](auto& txn, const auto& tables) {
    REQUIRE(storage::put_log_mark(txn, tables, storage::log_codec::mark::snapshot_point, point,
                                  stores.who.log_uuid));
  });
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-78"), ContainsSubstring("is not the log's"));
}

TEST_CASE("A store in use is tried again later (INV-84)", "[cross-check]") {
  two_stores stores;
  stores.close();
  auto held = storage::lmdb_environment::open(
      {stores.log_path(), storage::lmdb_access::existing, two_stores::map_bytes, {}});
  REQUIRE(held);
  auto report = storage::cross_check(stores.paths(), {});
  CHECK(report.verdict == verdict::retry);
  CHECK_THAT(violation(report, "INV-84"), ContainsSubstring("already open"));
}

TEST_CASE("Without a free descriptor the check is tried again later (INV-84)", "[cross-check]") {
  two_stores stores;
  stores.put("a");
  stores.close();
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none{3, before.rlim_max}; // the standard ones are taken
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  auto report = storage::cross_check(stores.paths(), {});
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(report.verdict == verdict::retry);
  CHECK_FALSE(violation(report, "INV-84").empty());
}

TEST_CASE("A store that may not be read is tried again later (INV-84)", "[cross-check]") {
  two_stores stores;
  stores.close();
  auto user = ::geteuid();
  REQUIRE(::chmod(stores.dir.path().c_str(), 0755) == 0);
  constexpr uid_t nobody = 65534;
  REQUIRE((user != 0 || ::seteuid(nobody) == 0)); // root may read everything
  if (user != 0)
    ::chmod(stores.log_path().c_str(), 0);
  auto report = storage::cross_check(stores.paths(), {});
  REQUIRE((user != 0 || ::seteuid(user) == 0));
  CHECK(report.verdict == verdict::retry);
}

TEST_CASE("Stores in memory have nothing to be compared", "[cross-check]") {
  CHECK(storage::cross_check({backend::inmemory, "", "", ""}, {}).verdict == verdict::ok);
}

TEST_CASE("A quick check reads the tail and the marks", "[cross-check]") {
  two_stores stores;
  stores.put_many(10);
  storage::check_options options;
  options.is_full = false;
  options.digest_budget = std::chrono::milliseconds{0};
  CHECK(stores.check(options).verdict == verdict::ok);
  set_commit_index(stores, 4);
  CHECK_THAT(stores.check(options).findings[0].text, StartsWith("State machine corruption"));
}

TEST_CASE("No damage to either file ends the process unheard", "[cross-check]") {
  two_stores stores(GENERATE(backend::sqlite, backend::lmdb));
  stores.put_many(60);
  stores.checkpoint();
  stores.put_many(20);
  stores.close();
  auto target = GENERATE(as<std::string>(), "log", "state");
  auto path = target == "log" ? stores.log_path() : stores.state_path();
  auto whole = two_stores::content(path);
  std::mt19937_64 random(7); // the same flips in every run
  int refused = 0;
  for (int round = 0; round < 150; ++round) {
    auto damaged = whole;
    auto byte = random() % (damaged.size() / 4096) * 4096 + random() % 64;
    damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << random() % 8));
    stores.set_content(path, damaged);
    auto report = stores.check(); // in this very process: a crash would end the test
    refused += report.verdict == verdict::refuse ? 1 : 0;
    if (report.verdict == verdict::ok)
      CHECK(report.digest_was_complete);
  }
  CHECK(refused > 20);
}

TEST_CASE("A report survives JSON", "[cross-check]") {
  two_stores stores;
  stores.put_many(5);
  set_commit_index(stores, 4);
  auto report = stores.check();
  report.install = storage::install_step::swap;
  report.wal_must_be_set_aside = true;
  auto back = storage::check_report_from_json(storage::to_json(report));
  REQUIRE(back);
  CHECK(storage::to_json(*back) == storage::to_json(report));
  CHECK(back->findings[0].text == report.findings[0].text);
  CHECK(back->last_applied == report.last_applied);
  CHECK(back->install == storage::install_step::swap);
}

TEST_CASE("A report with bytes that are no text is delivered all the same", "[cross-check]") {
  storage::check_report report;
  report.findings.push_back({"INV-73", "path \xff\xfe", true});
  CHECK(storage::check_report_from_json(storage::to_json(report)));
}

TEST_CASE("What is no report is not taken for one", "[cross-check]") {
  for (auto text : {"", "{}", "[]", "{\"verdict\":\"perhaps\"}", "null"})
    CHECK_FALSE(storage::check_report_from_json(text));
}
