// SPDX-License-Identifier: Apache-2.0
#include "raft/format.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_server.hpp"

using namespace raft;

namespace {

entry command(std::uint64_t index, const std::string& bytes) {
  entry made;
  made.id = {log_index{index}, term{2}};
  made.kind = entry_kind::command;
  made.payload = payload(bytes);
  return made;
}

} // namespace

TEST_CASE("entries show short printable payloads and the size of others", "[raft]") {
  CHECK(to_string(command(7, "a=1")) == "7/2 command \"a=1\"");
  CHECK(to_string(command(7, "line\n")) == "7/2 command 5 bytes");
  CHECK(to_string(command(7, std::string(25, 'x'))) == "7/2 command 25 bytes");
  CHECK(to_string(entry{}) == "0/0 no_op");
}

TEST_CASE("messages are one line each", "[raft]") {
  CHECK(to_string(message{request_vote{term{2}, {log_index{1}, term{1}}, true, false}})
        == "request_vote term=2 last=1/1 pre_vote");
  CHECK(to_string(message{request_vote_reply{term{2}, true, false}})
        == "request_vote_reply term=2 granted");
  CHECK(to_string(message{append_entries{
            term{2}, {log_index{6}, term{1}}, {}, {command(7, "a=1")}, log_index{5}, 3}})
        == "append_entries term=2 previous=6/1 leader_commit=5 read_round=3 entries: "
           "7/2 command \"a=1\"");
  CHECK(
      to_string(message{append_entries_reply{
          term{2}, append_conflict{log_index{6}, {log_index{3}, term{1}}, log_index{9}}, 0, true}})
      == "append_entries_reply term=2 conflict rejected=6 hint=3/1 state_machine_is_lost");
  CHECK(to_string(message{append_entries_reply{term{2}, append_accepted{log_index{6}}, 0}})
        == "append_entries_reply term=2 accepted match=6");
  CHECK(to_string(message{append_entries_reply{term{2}, append_diverged{}, 0}})
        == "append_entries_reply term=2 diverged at=0/0");
  CHECK(to_string(message{forward_proposal{term{2}, {}, 7, 0, {}, payload("a=1")}})
        == "forward_proposal term=2 number=7 \"a=1\"");
  CHECK(to_string(message{
            forward_proposal_reply{term{2}, {}, 7, proposal_placed{{log_index{9}, term{2}}}}})
        == "forward_proposal_reply term=2 number=7 placed at 9/2");
  CHECK(to_string(message{forward_proposal_reply{term{2}, {}, 7, overloaded{4, 5}}})
        == "forward_proposal_reply term=2 number=7 overloaded limit=4 actual=5");
  CHECK(to_string(message{read_index{term{2}, {}, 3}}) == "read_index term=2 round=3");
  CHECK(to_string(message{read_index_reply{term{2}, {}, 3, log_index{9}}})
        == "read_index_reply term=2 round=3 index=9");
  CHECK(to_string(message{read_index_reply{term{2}, {}, 3, {}}})
        == "read_index_reply term=2 round=3 refused");
  CHECK(to_string(message{timeout_now{term{2}}}) == "timeout_now term=2");
}

TEST_CASE("long runs of entries are shown by their ends", "[raft]") {
  append_entries request;
  for (std::uint64_t index = 1; index <= 9; ++index)
    request.entries.push_back(command(index, "x"));
  CHECK_THAT(to_string(message{request}),
             matchers::EndsWith("9 entries 1/2 command \"x\" .. 9/2 command \"x\""));
}

TEST_CASE("a ready is a line for each thing it asks for", "[raft]") {
  ready owed;
  CHECK(to_string(owed).empty());
  owed.persist =
      persist_request{{command(7, "a=1")}, log_index{7}, {term{2}, server_id{1}, log_index{7}}};
  owed.proposals.push_back(proposal_committed{5, {log_index{7}, term{2}}});
  owed.reads.push_back(read_confirmed{6, log_index{7}});
  owed.start_apply_timer = true;
  CHECK(to_string(owed)
        == "persist term=2 vote=1 commit=7 truncate_from=7 entries: 7/2 command \"a=1\"\n"
           "proposal 5 committed at 7/2\n"
           "read 6 confirmed at 7\n"
           "start_apply_timer\n");
}

TEST_CASE("long runs of answers of one kind are shown by their ends", "[raft]") {
  ready owed;
  for (request_id request = 1; request <= 9; ++request)
    owed.proposals.push_back(proposal_dropped{request});
  owed.proposals.push_back(proposal_appended{10, {log_index{7}, term{2}}});
  CHECK(to_string(owed) == "9 proposals 1 dropped .. 9 dropped\nproposal 10 appended at 7/2\n");
}

TEST_CASE("a membership is shown by its numbers", "[raft]") {
  auto members = raft_test::voters({1, 2});
  members.outgoing_voters = raft_test::voters({3}).voters;
  members.learners = raft_test::voters({4}).voters;
  CHECK(to_string(members) == "voters=1,2 outgoing=3 learners=4");
}
