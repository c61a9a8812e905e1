// SPDX-License-Identifier: Apache-2.0
#include "actors/client_ledger.hpp"

#include "tests/support/catch.hpp"

namespace actors {

namespace {

/// A client with one write, and what it was told.
struct client {
  std::shared_ptr<slot<written>> where = std::make_shared<slot<written>>(nullptr);

  client_write write(bool needs_result = false) {
    client_write request;
    request.answer_needs_apply = needs_result;
    request.reply = reply_to<written>(where);
    return request;
  }
  bool is_answered() const { return where->is_filled(); }
  answer<written> told() { return where->take(); }
};

raft::entry_id at(std::uint64_t index) {
  return {raft::log_index{index}, raft::term{1}};
}

storage::command_result done_at(std::uint64_t index, std::uint64_t deleted = 0) {
  return storage::command_done{storage::revision{index}, deleted};
}

} // namespace

TEST_CASE("a plain put is answered with its index when it is committed", "[ledger][rule-8]") {
  client_ledger ledger;
  client who;
  auto request = ledger.add_write(who.write(), 7);
  ledger.on_appended(request, at(3));
  CHECK_FALSE(who.is_answered());
  CHECK(ledger.on_committed(request, at(3)) == 7);
  CHECK(who.told()->revision == storage::revision{3});
}

TEST_CASE("a delete waits for its own result", "[ledger][rule-8][INV-91]") {
  client_ledger ledger;
  client first, second;
  auto one = ledger.add_write(first.write(true), 0);
  auto two = ledger.add_write(second.write(true), 0);
  ledger.on_appended(one, at(3));
  ledger.on_appended(two, at(5));
  ledger.on_committed(one, at(3));
  ledger.on_committed(two, at(5));
  ledger.on_applied(raft::log_index{3}, {done_at(3, 1), done_at(4)});
  CHECK(first.told()->rows_deleted == 1);
  CHECK_FALSE(second.is_answered());
  ledger.on_applied(raft::log_index{5}, {storage::precondition_failed{storage::revision{4}}});
  CHECK(second.told()->precondition_failed->current == storage::revision{4});
}

TEST_CASE("a full disk makes appended writes unknown and leaves queued ones", "[ledger][INV-95]") {
  client_ledger ledger;
  client queued, appended;
  ledger.add_write(queued.write(), 0);
  ledger.on_appended(ledger.add_write(appended.write(), 0), at(3));
  ledger.refuse_appended_writes({failure_code::storage_full, commit_status::no, "full", 0, 0, {}});
  CHECK_FALSE(queued.is_answered());
  CHECK(appended.told().error().committed == commit_status::unknown);
}

TEST_CASE("a read whose asker gave up is dropped", "[ledger]") {
  client_ledger ledger;
  auto where = std::make_shared<slot<query_result>>(nullptr);
  client_read read;
  read.reply = reply_to<query_result>(where);
  auto request = ledger.add_read(std::move(read));
  CHECK(ledger.drop_settled_reads().empty());
  REQUIRE(where->abandon());
  CHECK(ledger.drop_settled_reads() == std::vector<raft::request_id>{request});
}

} // namespace actors
