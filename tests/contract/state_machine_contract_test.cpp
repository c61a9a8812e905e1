// SPDX-License-Identifier: Apache-2.0
// What every state machine does with the entries it is given.
#include "base/check.hpp"
#include "storage/digest.hpp"
#include "tests/support/state_machine_fixture.hpp"

namespace {

using namespace storage;
using tests::state_machine_fixture;

/// Each test runs once for every backend.
class any_machine : public state_machine_fixture {
public:
  any_machine() : state_machine_fixture(GENERATE("sqlite", "lmdb", "memory")) {}
};

std::uint64_t revision_of(const command_result& result) {
  REQUIRE(std::holds_alternative<command_done>(result));
  return std::get<command_done>(result).revision.value;
}

std::uint64_t deleted_by(const command_result& result) {
  REQUIRE(std::holds_alternative<command_done>(result));
  return std::get<command_done>(result).rows_deleted;
}

std::uint64_t current_in(const command_result& result) {
  REQUIRE(std::holds_alternative<precondition_failed>(result));
  return std::get<precondition_failed>(result).current.value;
}

row make_row(std::string key, std::string value, std::uint64_t created, std::uint64_t modified,
             std::uint64_t version) {
  return {std::move(key), std::move(value), revision{created}, revision{modified}, version};
}

raft::membership two_voters() {
  raft::membership members;
  members.voters = {{raft::server_id{7}, base::uuid_from_name("seven"), "a:1", "a:2"},
                    {raft::server_id{8}, base::uuid_from_name("eight"), "b:1", ""}};
  return members;
}

} // namespace

TEST_CASE_METHOD(any_machine, "a new state machine is empty and stands before the first entry") {
  CHECK(machine().meta().last_applied == raft::entry_id{});
  CHECK(machine().meta().chain == raft::chain_seed(tests::test_cluster()));
  CHECK(machine().meta().digest == state_digest{});
  CHECK(machine().identity() == tests::test_identity());
  CHECK(scan({}).rows.empty());
}

TEST_CASE_METHOD(any_machine, "a set creates a row and a later one counts its versions") {
  CHECK(revision_of(put("k", "one")) == 1);
  CHECK(get("k") == make_row("k", "one", 1, 1, 1));
  CHECK(revision_of(put("k", "two")) == 2);
  CHECK(get("k") == make_row("k", "two", 1, 2, 2));
}

TEST_CASE_METHOD(any_machine, "a row that was deleted begins anew") {
  put("k", "one");
  put("k", "two");
  CHECK(deleted_by(remove("k")) == 1);
  CHECK_FALSE(has("k"));
  put("k", "three");
  CHECK(get("k") == make_row("k", "three", 4, 4, 1));
}

TEST_CASE_METHOD(any_machine, "a delete of nothing is done and counts nothing") {
  auto result = remove("absent");
  CHECK(deleted_by(result) == 0);
  CHECK(revision_of(result) == 1);
  CHECK(machine().meta().last_applied.index == raft::log_index{1});
}

TEST_CASE_METHOD(any_machine, "the operations of a batch take effect in order at one revision") {
  put("gone", "x");
  auto result = apply_one(
      source.batch({set_operation{"a", "1"}, set_operation{"a", "2"}, delete_operation{"gone"},
                    set_operation{"b", "3"}, delete_operation{"b"}, set_operation{"b", "4"}}));
  CHECK(revision_of(result) == 2);
  CHECK(deleted_by(result) == 2);
  CHECK(get("a") == make_row("a", "2", 2, 2, 2));
  CHECK(get("b") == make_row("b", "4", 2, 2, 1));
  CHECK_FALSE(has("gone"));
  verified_digest();
}

TEST_CASE_METHOD(any_machine, "a precondition that holds lets the command through") {
  CHECK(revision_of(apply_one(source.set("k", "1", must_be_absent{}))) == 1);
  CHECK(revision_of(apply_one(source.set("k", "2", must_be_at{revision{1}}))) == 2);
  CHECK(revision_of(apply_one(source.set("k", "3", must_exist{}))) == 3);
  CHECK(deleted_by(apply_one(source.remove("k", must_be_at{revision{3}}))) == 1);
}

TEST_CASE_METHOD(any_machine, "a precondition that fails says what is there") {
  put("k", "1");
  CHECK(current_in(apply_one(source.set("k", "2", must_be_absent{}))) == 1);
  CHECK(current_in(apply_one(source.set("k", "2", must_be_at{revision{9}}))) == 1);
  CHECK(current_in(apply_one(source.set("absent", "2", must_exist{}))) == 0);
  CHECK(current_in(apply_one(source.remove("absent", must_be_at{revision{1}}))) == 0);
}

TEST_CASE_METHOD(any_machine, "a precondition that fails leaves no trace but its index") {
  put("k", "1");
  auto before = machine().meta();
  apply_one(
      source.command({{set_operation{"k", "2"}, set_operation{"other", "3"}, delete_operation{"k"}},
                      must_be_absent{}}));
  CHECK(get("k") == make_row("k", "1", 1, 1, 1));
  CHECK_FALSE(has("other"));
  CHECK(machine().meta().digest == before.digest);
  CHECK(machine().meta().last_applied.index == raft::log_index{2});
}

TEST_CASE_METHOD(any_machine, "a precondition speaks of the first operation's key alone") {
  put("first", "1");
  auto result = apply_one(source.command(
      {{set_operation{"first", "2"}, set_operation{"second", "3"}}, must_be_at{revision{1}}}));
  CHECK(revision_of(result) == 2);
  CHECK(has("second"));
}

TEST_CASE_METHOD(any_machine, "an entry without a command moves last applied only") {
  put("k", "1");
  auto digest = machine().meta().digest;
  CHECK(revision_of(apply_one(source.no_op())) == 2);
  CHECK(machine().meta().digest == digest);
  CHECK(machine().meta().last_applied.index == raft::log_index{2});
}

TEST_CASE_METHOD(any_machine, "a membership entry becomes part of the state") {
  CHECK(revision_of(apply_one(source.membership(two_voters()))) == 1);
  CHECK(machine().meta().membership == two_voters());
  put("k", "1");
  CHECK(machine().meta().membership == two_voters());
}

TEST_CASE_METHOD(any_machine, "a batch of entries has a result for each") {
  auto results = apply({source.no_op(), source.set("k", "1"), source.remove("k"),
                        source.set("k", "2", must_exist{})});
  REQUIRE(results);
  REQUIRE(results->size() == 4);
  CHECK(revision_of((*results)[0]) == 1);
  CHECK(revision_of((*results)[1]) == 2);
  CHECK(deleted_by((*results)[2]) == 1);
  CHECK(current_in((*results)[3]) == 0);
  CHECK(machine().meta().last_applied.index == raft::log_index{4});
}

TEST_CASE_METHOD(any_machine, "an empty batch changes nothing", "[INV-54]") {
  put("k", "1");
  auto before = machine().meta();
  REQUIRE(apply({}));
  CHECK(machine().meta() == before);
}

TEST_CASE_METHOD(any_machine, "keys and values of every size and byte come back as they were") {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte)
    every_byte.push_back(static_cast<char>(byte));
  std::string large(std::size_t{1} << 20, 'v');
  large.replace(1000, every_byte.size(), every_byte);
  std::string long_key(1024, 'k');
  put("empty", "");
  put("binary", every_byte);
  put(long_key, large);
  put("snow \xe2\x98\x83 \xf0\x9f\x8c\xa8", "text");
  CHECK(get("empty") == make_row("empty", "", 1, 1, 1));
  CHECK(get("binary").value == every_byte);
  CHECK(get(long_key).value == large);
  CHECK(get("snow \xe2\x98\x83 \xf0\x9f\x8c\xa8").value == "text");
  verified_digest();
}

TEST_CASE_METHOD(any_machine, "a damaged command stops the batch before anything is applied",
                 "[INV-67]") {
  put("k", "1");
  auto before = machine().meta();
  auto good = source.set("k", "2");
  auto result = apply({good, source.make(raft::entry_kind::command, "\x01nonsense")});
  REQUIRE_FALSE(result);
  CHECK(result.error().code == base::errc::corrupt);
  CHECK_THAT(result.error().text, matchers::ContainsSubstring("entry 3"));
  CHECK(machine().meta() == before);
  CHECK(get("k") == make_row("k", "1", 1, 1, 1));
}

TEST_CASE_METHOD(any_machine, "an entry of an unknown kind stops the batch", "[INV-67]") {
  auto result = apply({source.set("k", "1"), source.make(raft::entry_kind{9}, "?")});
  REQUIRE_FALSE(result);
  CHECK(result.error().code == base::errc::corrupt);
  CHECK_THAT(result.error().text, matchers::ContainsSubstring("unknown kind 9"));
  CHECK_FALSE(has("k"));
}

TEST_CASE_METHOD(any_machine, "a damaged membership stops the batch", "[INV-67]") {
  auto result = apply({source.make(raft::entry_kind::membership, "\xff")});
  REQUIRE_FALSE(result);
  CHECK(result.error().code == base::errc::corrupt);
  CHECK(machine().meta().last_applied.index == raft::log_index{0});
}

TEST_CASE_METHOD(any_machine, "after a batch that was refused the same place can be filled again") {
  put("k", "1");
  auto meta = machine().meta();
  REQUIRE_FALSE(apply({source.make(raft::entry_kind::command, "")}));
  source.go_back_to(meta.last_applied, meta.chain);
  CHECK(revision_of(put("k", "2")) == 2);
}

TEST_CASE_METHOD(any_machine, "an entry that does not follow the last one is never applied",
                 "[INV-51]") {
  auto first = source.set("k", "1");
  auto second = source.set("k", "2");
  CHECK_THROWS_AS(apply({second}), base::invariant_violation);
  REQUIRE(apply({first, second}));
  CHECK_THROWS_AS(apply({second}), base::invariant_violation);
}

TEST_CASE_METHOD(any_machine, "an entry of another history is never applied", "[INV-52]") {
  put("k", "1");
  tests::entry_source other{base::uuid_from_name("another cluster")};
  other.no_op();
  CHECK_THROWS_AS(apply({other.no_op()}), base::invariant_violation);
  CHECK(get("k").value == "1");
}

TEST_CASE_METHOD(any_machine, "an entry of an earlier term is never applied", "[INV-52]") {
  source.begin_term(raft::term{5});
  put("k", "1");
  source.begin_term(raft::term{4});
  CHECK_THROWS_AS(apply({source.no_op()}), base::invariant_violation);
}

TEST_CASE_METHOD(any_machine, "an entry that is not durably committed is never applied",
                 "[INV-50]") {
  std::vector<raft::entry> entries{source.no_op(), source.no_op()};
  log_watermark watermark{1, raft::log_index{1}};
  CHECK_THROWS_AS(machine().apply(entries, watermark), base::invariant_violation);
}

TEST_CASE_METHOD(any_machine, "the log's watermark never goes back", "[INV-68]") {
  std::vector<raft::entry> first{source.no_op()};
  std::vector<raft::entry> second{source.no_op()};
  REQUIRE(machine().apply(first, {9, raft::log_index{4}}));
  CHECK_THROWS_AS(machine().apply(second, {8, raft::log_index{4}}), base::invariant_violation);
  CHECK_THROWS_AS(machine().apply(second, {9, raft::log_index{3}}), base::invariant_violation);
  CHECK(machine().apply(second, {9, raft::log_index{4}}));
}

TEST_CASE_METHOD(any_machine, "the digest depends on the rows, not on how they came about",
                 "[INV-56]") {
  put("a", "1");
  put("b", "2");
  auto digest = verified_digest();
  put("c", "3");
  CHECK(verified_digest() != digest);
  remove("c");
  CHECK(verified_digest() == digest);
  remove("a");
  remove("b");
  CHECK(verified_digest() == state_digest{});
}

TEST_CASE_METHOD(any_machine, "a verification that is stopped early says nothing") {
  put("a", "1");
  auto digest = machine().verify_rows([] { return false; });
  REQUIRE(digest);
  CHECK_FALSE(*digest);
}

TEST_CASE_METHOD(any_machine, "what was applied is there after the file was opened again") {
  if (!is_durable())
    return;
  source.begin_term(raft::term{3});
  apply_one(source.membership(two_voters()));
  put("k", "1");
  put("gone", "1");
  remove("gone");
  auto before = machine().meta();
  reopen();
  CHECK(machine().meta() == before);
  CHECK(machine().identity() == tests::test_identity());
  CHECK(machine().meta().last_applied == raft::entry_id{raft::log_index{4}, raft::term{3}});
  CHECK(get("k") == make_row("k", "1", 2, 2, 1));
  CHECK_FALSE(has("gone"));
  CHECK(revision_of(put("k", "2")) == 5);
  verified_digest();
}

TEST_CASE("all backends reach one digest from one log", "[INV-56]") {
  state_machine_fixture sqlite("sqlite");
  state_machine_fixture lmdb("lmdb");
  state_machine_fixture memory("memory");
  unsigned state = 12345;
  auto draw = [&](unsigned bound) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % bound;
  };
  for (int batch = 0; batch < 40; ++batch) {
    std::vector<raft::entry> entries;
    for (int i = 0; i < 10; ++i) {
      auto key = "key " + std::to_string(draw(30));
      if (draw(8) == 0)
        key += std::string(600 + draw(400), 'x');
      auto wanted = draw(4) == 0 ? precondition{must_be_absent{}} : precondition{};
      entries.push_back(draw(4) == 0
                            ? sqlite.source.remove(key, wanted)
                            : sqlite.source.set(key, std::string(draw(3000), 'v'), wanted));
    }
    auto expected = memory.machine().apply(entries, {1, entries.back().id.index});
    REQUIRE(expected);
    REQUIRE(sqlite.machine().apply(entries, {1, entries.back().id.index}));
    REQUIRE(lmdb.machine().apply(entries, {1, entries.back().id.index}));
  }
  CHECK(sqlite.machine().meta() == memory.machine().meta());
  CHECK(lmdb.machine().meta() == memory.machine().meta());
  CHECK(sqlite.verified_digest() == memory.verified_digest());
  CHECK(lmdb.verified_digest() == memory.verified_digest());
  scan_request everything;
  everything.items_max = 1000;
  everything.bytes_max = std::size_t{64} << 20;
  CHECK(sqlite.scan(everything).rows == memory.scan(everything).rows);
  CHECK(lmdb.scan(everything).rows == memory.scan(everything).rows);
}

TEST_CASE_METHOD(any_machine, "what apply changes is noted and adds up to the digest",
                 "[INV-144]") {
  put("a", "1");
  auto* changes = machine().changes();
  REQUIRE(changes != nullptr);
  CHECK_FALSE(changes->take()); // nobody asked for it
  changes->begin(100);
  auto sum = machine().meta().digest;
  put("a", "2");
  remove("absent");
  apply_one(
      source.batch({set_operation{"b", "3"}, set_operation{"b", "4"}, delete_operation{"a"}}));
  auto noted = changes->take();
  REQUIRE(noted);
  std::vector<std::string> keys;
  for (const auto& each : *noted) {
    keys.push_back(each.key + "@" + std::to_string(each.at.value));
    subtract(sum, each.before);
    add(sum, each.after);
  }
  CHECK(keys == std::vector<std::string>{"a@2", "b@4", "b@4", "a@4"});
  CHECK(sum == machine().meta().digest);
  CHECK(changes->take()->empty());
  changes->end();
  put("c", "5");
  CHECK_FALSE(changes->take());
}

TEST_CASE_METHOD(any_machine, "more changes than anybody takes are not noted any more",
                 "[INV-144]") {
  machine().changes()->begin(2);
  put("a", "1");
  put("b", "2");
  put("c", "3");
  CHECK_FALSE(machine().changes()->take());
}

TEST_CASE_METHOD(any_machine, "the digest is recorded within the batch that reaches its index",
                 "[two stores 28]") {
  std::vector<raft::entry> batch;
  while (batch.size() < digest_interval - 2)
    batch.push_back(source.no_op());
  REQUIRE(apply(std::move(batch)));
  CHECK_FALSE(machine().meta().recorded_digest);
  state_digest at_index;
  add(at_index, row_digest("a", {revision{4095}, revision{4095}, 1}, "1"));
  add(at_index, row_digest("b", {revision{4096}, revision{4096}, 1}, "2"));
  REQUIRE(apply({source.set("a", "1"), source.set("b", "2"), source.set("c", "3")}));
  raft::digest_point expected{raft::log_index{4096}, digest_version, at_index.lanes};
  CHECK(machine().meta().recorded_digest == expected);
  CHECK(machine().meta().digest != at_index);
  if (!is_durable())
    return;
  reopen();
  CHECK(machine().meta().recorded_digest == expected);
  put("d", "4");
  CHECK(machine().meta().recorded_digest == expected);
}

TEST_CASE_METHOD(any_machine, "a state that is recorded as outvoted is not changed any more",
                 "[INV-29]") {
  put("k", "v");
  raft::state_outvote what{{raft::log_index{1}, 1, {1, 2, 3, 4}},
                           {raft::log_index{1}, 1, {5, 6, 7, 8}}};
  CHECK(machine().record_outvoted(what).has_value() == is_durable());
  auto refused = apply({source.set("k", "w")});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::errc::unsupported);
}
