// SPDX-License-Identifier: Apache-2.0
// What the contract tests cannot see of the LMDB state machine: commits that fail, and
// files that are not ours.
#include "storage/lmdb_state_machine.hpp"

#include <filesystem>
#include <fstream>

#include "storage/lmdb_inspect.hpp"
#include "storage/lmdb_rows.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/entry_source.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace storage;

template <class Result>
std::string problem(const Result& outcome) {
  return outcome ? std::string() : base::to_string(outcome.error());
}

class lmdb_fixture {
public:
  lmdb_fixture() {
    options.path = dir / "state-machine.lmdb";
    options.map_bytes = 1 << 20;
    options.fault = [this](commit_step step) { return step == fails_at ? fails_with : 0; };
    auto made = lmdb_state_machine::create(options, identity());
    REQUIRE(problem(made) == "");
    machine = std::move(*made);
  }

  static storage::identity identity() {
    return {base::uuid_from_name("cluster"), raft::server_id{1}, base::uuid_from_name("life"),
            base::uuid_from_name("log")};
  }

  base::result<std::vector<command_result>> put(const std::string& key, const std::string& value) {
    source.go_back_to(machine->meta().last_applied, machine->meta().chain);
    auto entry = source.set(key, value);
    return machine->apply({entry}, {1, entry.id.index});
  }
  std::string get(const std::string& key) {
    auto result = (*machine->open_reader())->get(key);
    REQUIRE(problem(result) == "");
    return result->found ? result->found->value : "(none)";
  }
  base::errc problem_of_opening() {
    machine.reset();
    auto opened = lmdb_state_machine::open(options);
    REQUIRE_FALSE(opened);
    return opened.error().code;
  }
  /// Opens the closed file and changes it.
  void change(const std::function<base::status(lmdb_transaction&)>& what) {
    machine.reset();
    auto environment =
        lmdb_environment::open({options.path, lmdb_access::existing, options.map_bytes, {}});
    REQUIRE(problem(environment) == "");
    auto transaction = (*environment)->begin_write();
    REQUIRE(problem(transaction) == "");
    REQUIRE(problem(what(*transaction)) == "");
    REQUIRE(problem(transaction->commit()) == "");
  }

  tests::temp_dir dir{"lmdb-state"};
  lmdb_state_options options;
  commit_step fails_at = commit_step::before;
  int fails_with = 0;
  std::unique_ptr<lmdb_state_machine> machine;
  tests::entry_source source{identity().cluster_id};
};

} // namespace

TEST_CASE_METHOD(lmdb_fixture, "a full map changes nothing and the node goes on after it",
                 "[INV-60]") {
  REQUIRE(problem(put("k", "1")) == "");
  auto before = machine->meta();
  auto result = put("k", std::string(2 << 20, 'x'));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == base::errc::storage_full);
  CHECK(machine->meta() == before);
  CHECK(get("k") == "1");
  CHECK(problem(put("k", "2")) == "");
  CHECK(get("k") == "2");
}

TEST_CASE_METHOD(lmdb_fixture, "after a commit of unknown outcome nothing is done any more",
                 "[INV-59]") {
  fails_at = GENERATE(commit_step::before, commit_step::after);
  REQUIRE(problem(put("k", "1")) == "");
  fails_with = EIO;
  auto result = put("k", "2");
  REQUIRE_FALSE(result);
  CHECK(result.error().code == base::errc::sync_failed);
  fails_with = 0;
  CHECK(put("k", "3").error().code == base::errc::sync_failed);
  machine.reset();
  auto opened = lmdb_state_machine::open(options);
  REQUIRE(problem(opened) == "");
  machine = std::move(*opened);
  CHECK(get("k") == (fails_at == commit_step::before ? "1" : "2"));
  CHECK(problem(machine->verify_rows([] { return true; })) == "");
}

TEST_CASE_METHOD(lmdb_fixture, "a file of another program or version is refused", "[INV-64]") {
  change([](lmdb_transaction& transaction) {
    return transaction.put(*transaction.open_table("format", false), "version", "2");
  });
  CHECK(problem_of_opening() == base::errc::incompatible);
  change([](lmdb_transaction& transaction) {
    return transaction.put(*transaction.open_table("format", false), "kind", "something else");
  });
  CHECK(problem_of_opening() == base::errc::incompatible);
}

TEST_CASE_METHOD(lmdb_fixture, "an LMDB file without our tables is refused", "[INV-64]") {
  options.path = dir / "other.lmdb";
  {
    auto other = lmdb_environment::open({options.path, lmdb_access::create, 1 << 20, {}});
    REQUIRE(problem(other) == "");
  }
  CHECK(problem_of_opening() == base::errc::incompatible);
}

TEST_CASE_METHOD(lmdb_fixture, "a value changed behind the node's back breaks the seal",
                 "[INV-55]") {
  REQUIRE(problem(put("k", "1")) == "");
  change([](lmdb_transaction& transaction) {
    return transaction.put(*transaction.open_table("state_machine_meta", false), "last_applied_log",
                           R"({"term":1,"index":9})");
  });
  CHECK(problem_of_opening() == base::errc::corrupt);
  auto inspection = inspect_lmdb(options.path, options.map_bytes);
  REQUIRE(problem(inspection) == "");
  CHECK_FALSE((*inspection)->facts().meta_is_sealed);
  CHECK((*inspection)->facts().meta.last_applied.index == raft::log_index{9});
}

TEST_CASE_METHOD(lmdb_fixture, "a row changed behind the node's back is never an answer",
                 "[INV-56]") {
  REQUIRE(problem(put("k", "1")) == "");
  change([](lmdb_transaction& transaction) {
    lmdb_rows rows(transaction, *transaction.open_table("state_machine_kv", false));
    auto row = **rows.find("k");
    return rows.put("k", {row.mark, row.digest, "2"});
  });
  auto opened = lmdb_state_machine::open(options);
  REQUIRE(problem(opened) == "");
  machine = std::move(*opened);
  CHECK((*machine->open_reader())->get("k").error().code == base::errc::corrupt);
  CHECK(machine->verify_rows([] { return true; }).error().code == base::errc::corrupt);
}

TEST_CASE_METHOD(lmdb_fixture, "nodes of long keys are removed with their last row") {
  std::string first(1000, 'a');
  std::string second = std::string(600, 'a') + "b";
  REQUIRE(problem(put(first, "1")) == "");
  REQUIRE(problem(put(second, "2")) == "");
  for (const auto& key : {first, second}) {
    source.go_back_to(machine->meta().last_applied, machine->meta().chain);
    auto entry = source.remove(key);
    REQUIRE(problem(machine->apply({entry}, {1, entry.id.index})) == "");
  }
  change([](lmdb_transaction& transaction) {
    // What remains is the number of the newest node.
    CHECK(*transaction.count(*transaction.open_table("state_machine_kv", false)) == 1);
    return base::status{};
  });
}

TEST_CASE_METHOD(lmdb_fixture, "a backend without a WAL says so") {
  CHECK_FALSE(machine->has_wal());
  CHECK(machine->checkpoint(checkpoint_mode::passive).error().code == base::errc::unsupported);
  CHECK(machine->restart_wal().error().code == base::errc::unsupported);
}
