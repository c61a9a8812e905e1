// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/actors/group_fixture.hpp"

namespace actors {

namespace {

base::error full() {
  return {base::errc::storage_full, "no space left on device"};
}
base::error broken() {
  return {base::errc::io, "input/output error"};
}

} // namespace

TEST_CASE_METHOD(group_fixture, "the first put of a new node has revision 3", "[group][life]") {
  auto answer = put("k", "v");
  settle();
  CHECK(answer->take()->revision == storage::revision{3});
}

TEST_CASE_METHOD(group_fixture, "a linearizable read sees what was acknowledged before it",
                 "[group][rule-6]") {
  put("k", "v");
  settle();
  auto seen = get("k");
  settle();
  CHECK(value_of(seen) == "v");
}

TEST_CASE_METHOD(group_fixture, "a stale read waits for nobody", "[group]") {
  put("k", "v");
  settle();
  auto before = get("k", consistency::stale);
  settle();
  CHECK(value_of(before) == "(none)");
  pass(std::chrono::milliseconds(base::limits::apply_delay_ms + 1));
  auto after = get("k", consistency::stale);
  settle();
  CHECK(value_of(after) == "v");
}

TEST_CASE_METHOD(group_fixture, "a read at an index waits until it is applied here", "[group]") {
  auto later = get("k", consistency::stale, 3);
  settle();
  CHECK(value_of(later) == "(waiting)");
  put("k", "v");
  settle();
  CHECK(value_of(later) == "v");
}

TEST_CASE_METHOD(group_fixture, "a delete is answered when it is applied", "[group][rule-8]") {
  put("k", "v");
  auto first = remove("k");
  settle();
  auto second = remove("k");
  settle();
  CHECK(first->take()->rows_deleted == 1);
  CHECK(second->take()->rows_deleted == 0);
}

TEST_CASE_METHOD(group_fixture, "puts that gather while the log is busy become one append",
                 "[group][rule-9]") {
  settle();
  journal().clear();
  for (int i = 0; i < 10; ++i)
    put("k" + std::to_string(i), "v");
  settle();
  CHECK(std::count(journal().begin(), journal().end(), "append") <= 3);
}

TEST_CASE_METHOD(group_fixture, "a completion of another generation is ignored",
                 "[group][INV-90]") {
  auto raft = context.where->get().raft;
  caf::anon_send(raft, persisted{life + 1, 99});
  caf::anon_send(raft, applied{life + 1, raft::log_index{3},
                               std::make_shared<std::vector<storage::command_result>>(1)});
  settle();
  auto answer = put("k", "v");
  settle();
  CHECK(is_alive("raft"));
  CHECK(answer->take()->revision == storage::revision{3});
}

TEST_CASE_METHOD(group_fixture, "a checkpoint may end before the raft actor has begun",
                 "[group][INV-92]") {
  caf::anon_send_exit(context.where->get().raft, caf::exit_reason::kill);
  settle();
  auto raft = start_raft_actor(system, context, life, raft_setup());
  caf::anon_send(raft, begin{});
  caf::anon_send(raft, checkpoint_finished{life, raft::log_index{1}});
  settle();
  auto answer = put("k", "v");
  settle();
  REQUIRE(answer->is_filled());
  CHECK(answer->take().has_value());
}

TEST_CASE_METHOD(group_fixture, "a checkpoint is marked before it begins and after it is complete",
                 "[group][INV-92]") {
  put("k", "v");
  pass(std::chrono::milliseconds(10));
  journal().clear();
  auto where = std::make_shared<slot<checkpoint_done>>(nullptr);
  door->checkpoint({reply_to<checkpoint_done>(where)});
  auto read = get("k2");
  put("k2", "v");
  settle();
  REQUIRE(where->is_filled());
  CHECK(where->take()->pages_checkpointed == 7);
  CHECK(place_of("checkpoint started") < place_of("checkpoint"));
  CHECK(place_of("checkpoint") < place_of("checkpoint completed"));
  CHECK(place_of("checkpoint completed") < place_of("restart wal"));
  REQUIRE(place_of("restart wal") < journal().size());
  CHECK(std::count(journal().begin() + static_cast<std::ptrdiff_t>(place_of("checkpoint started")),
                   journal().begin() + static_cast<std::ptrdiff_t>(place_of("restart wal")),
                   "apply")
        == 0);
}

TEST_CASE_METHOD(group_fixture, "a full log disk is said and waited out", "[group][INV-96]") {
  log_script->next_failures.assign(2, full());
  auto lost = put("k", "v");
  settle();
  auto why = lost->take().error();
  CHECK(why.code == failure_code::storage_full);
  CHECK(why.committed == commit_status::unknown);
  auto refused = put("k2", "v");
  auto read = get("k");
  settle();
  CHECK(refused->take().error().committed == commit_status::no);
  CHECK(value_of(read) == "(none)"); // what the log waits for is not committed
  pass(std::chrono::seconds(2));
  auto after = put("k3", "v");
  settle();
  CHECK(after->take().has_value());
}

TEST_CASE_METHOD(group_fixture, "a state that cannot be applied is said and waited out",
                 "[group][INV-96]") {
  state_script->next_failures.assign(2, {base::errc::busy, "database is locked"});
  put("k", "v");
  auto read = get("k");
  settle();
  CHECK(value_of(read) == "(storage_busy)");
  CHECK(context.board->get<storage_status>()->trouble == "database is locked");
  pass(std::chrono::seconds(2));
  auto after = get("k");
  settle();
  CHECK(value_of(after) == "v");
  CHECK(context.board->get<storage_status>()->trouble.empty());
}

TEST_CASE_METHOD(group_fixture, "a failed sync ends the log writer and answers nothing as done",
                 "[group][INV-96]") {
  log_script->next_failures.push_back(broken());
  auto lost = put("k", "v");
  settle();
  CHECK_FALSE(is_alive("log_writer"));
  CHECK_FALSE(lost->is_filled());
  caf::anon_send_exit(context.where->get().raft, caf::exit_reason::kill);
  settle();
  CHECK(lost->take().error().committed == commit_status::unknown);
}

TEST_CASE_METHOD(group_fixture, "a write whose asker left before it was proposed never counts",
                 "[group][INV-95]") {
  auto left = put("k", "v");
  REQUIRE(left->abandon());
  CHECK(left->stage() == commit_status::no);
  auto next = put("k", "w");
  settle();
  CHECK(next->take()->revision == storage::revision{3});
}

TEST_CASE_METHOD(group_fixture, "more proposals than the bound are refused with both numbers",
                 "[group][bounds]") {
  std::vector<std::shared_ptr<slot<written>>> answers;
  client_batch together;
  together.writes = std::make_shared<std::vector<client_write>>();
  for (int i = 0; i < 150; ++i) {
    answers.push_back(std::make_shared<slot<written>>(nullptr));
    client_write request;
    request.command = raft::payload(storage::encode({{storage::set_operation{"k", "v"}}, {}}));
    request.reply = reply_to<written>(answers.back());
    together.writes->push_back(std::move(request));
  }
  door->submit(std::move(together));
  settle();
  auto first_refused = answers.at(100)->take().error();
  CHECK(first_refused.code == failure_code::overloaded);
  CHECK(first_refused.limit == 100);
  CHECK(first_refused.committed == commit_status::no);
  CHECK(answers.at(99)->take().has_value());
}

} // namespace actors
