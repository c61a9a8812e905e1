// SPDX-License-Identifier: Apache-2.0
#include "trace/checker.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"
#include "tests/unit/trace/told_story.hpp"

using namespace trace;
using trace_test::told_story;

namespace {

struct counts {
  std::uint64_t held;
  std::uint64_t broken;
  std::uint64_t unjudged;
  friend bool operator==(const counts&, const counts&) = default;
};

std::ostream& operator<<(std::ostream& out, const counts& what) {
  return out << what.held << " held, " << what.broken << " broken, " << what.unjudged
             << " not judged";
}

check_report check_all(std::initializer_list<told_story> all) {
  std::vector<recording> told;
  for (const auto& each : all)
    told.push_back(each.tell());
  return check(std::move(told));
}

counts of(rule which, const told_story& told) {
  auto report = check_all({told});
  const auto& found = report.of(which);
  CHECK(report.is_broken() == (found.broken > 0)); // the story breaks no other rule
  return {found.held, found.broken, found.unjudged};
}

const counts nothing{0, 0, 0};
const counts broken_once{0, 1, 0};

} // namespace

TEST_CASE("a recording without events proves nothing, and it is said", "[trace][INV-149]") {
  auto report = check_all({told_story()});
  CHECK_FALSE(report.is_broken());
  for (const auto& each : report.rules)
    CHECK(each.saw_nothing());
  auto text = to_text(report);
  CHECK(text.find("nothing seen") != std::string::npos);
  CHECK(text.find("holds") == std::string::npos);
}

TEST_CASE("one sender's messages are handled in the order they were sent", "[trace][INV-149]") {
  auto sent = [] {
    return told_story()
        .sent(1, "raft", "log_writer", "persist")
        .sent(2, "raft", "log_writer", "read_log");
  };
  CHECK(of(rule::sender_order,
           sent().received(1, "log_writer", "persist").received(2, "log_writer", "read_log"))
        == counts{1, 0, 0});
  auto overtaken = [&] {
    return sent().received(2, "log_writer", "read_log").received(1, "log_writer", "persist");
  };
  CHECK(of(rule::sender_order, overtaken()) == broken_once);
  // Left in the mailbox while its actor waits for an answer.
  CHECK(of(rule::sender_order, sent()
                                   .skipped(1, "log_writer", "persist")
                                   .received(2, "log_writer", "read_log")
                                   .received(1, "log_writer", "persist"))
        == nothing);
  // That it was left may have been overwritten.
  CHECK(of(rule::sender_order, overtaken().overwritten_so_far()) == counts{0, 0, 1});
}

TEST_CASE("two senders' messages have no order, nor those of the library", "[trace][INV-149]") {
  CHECK(of(rule::sender_order, told_story()
                                   .sent(1, "raft", "log_writer", "persist")
                                   .sent(2, "storage_writer", "log_writer", "mark_checkpoint")
                                   .received(2, "log_writer", "mark_checkpoint")
                                   .received(1, "log_writer", "persist"))
        == nothing);
  CHECK(of(rule::sender_order, told_story()
                                   .sent(1, "supervisor", "raft", "hand_over")
                                   .sent(2, "supervisor", "raft", "@exit")
                                   .received(2, "raft", "@exit")
                                   .received(1, "raft", "hand_over"))
        == nothing);
}

TEST_CASE("an actor of two lives at once is not judged", "[trace][INV-149]") {
  CHECK(of(rule::sender_order, told_story()
                                   .lives("stream")
                                   .lives("stream")
                                   .sent(1, "sender", "stream", "chunk")
                                   .sent(2, "sender", "stream", "chunk")
                                   .received(2, "stream", "chunk")
                                   .received(1, "stream", "chunk"))
        == nothing);
}

TEST_CASE("no message is handled after its actor's exit", "[trace][INV-149]") {
  CHECK(of(rule::exit, told_story().lives("raft").received(1, "raft", "tick").exits("raft"))
        == counts{1, 0, 0});
  auto after = [] { return told_story().lives("raft").exits("raft").received(1, "raft", "tick"); };
  CHECK(of(rule::exit, after()) == broken_once);
  CHECK(of(rule::exit, after().overwritten_so_far()) == counts{0, 0, 1});
  // The next life has the same name.
  CHECK(of(rule::exit,
           told_story().lives("raft").exits("raft").lives("raft").received(1, "raft", "begin"))
        == counts{1, 0, 0});
}

TEST_CASE("every request is answered exactly once", "[trace][INV-149]") {
  CHECK(of(rule::request, told_story().asked(7).answered(7)) == counts{1, 0, 0});
  CHECK(of(rule::request, told_story().asked(7).answered(7, "504").answered(7)) == broken_once);
  CHECK(of(rule::request, told_story().asked(7).ended_in_order()) == broken_once);
  CHECK(of(rule::request, told_story().asked(7)) == counts{0, 0, 1}); // under way, or killed
  CHECK(of(rule::request, told_story().answered(7)) == broken_once);
  CHECK(of(rule::request, told_story().overwritten_so_far().answered(7)) == counts{0, 0, 1});
}

TEST_CASE("a term has one leader, over all nodes of a cluster", "[trace][INV-149]") {
  auto elected = [](std::uint64_t node, const char* cluster, std::uint64_t term) {
    return told_story(node).cluster(cluster).elected(term);
  };
  auto together = check_all({elected(1, "cluster a", 3), elected(2, "cluster a", 4)});
  CHECK(together.of(rule::leader).held == 2);
  CHECK_FALSE(together.is_broken());
  auto split = check_all({elected(1, "cluster a", 3), elected(2, "cluster a", 3)});
  CHECK(split.is_broken());
  REQUIRE(split.violations.size() == 2); // what each of the two recorded
  CHECK(split.violations[0].text.find("node 2 became leader in term 3") != std::string::npos);
  CHECK_FALSE(check_all({elected(1, "cluster a", 3), elected(2, "cluster b", 3)}).is_broken());
  CHECK(check_all({elected(1, "cluster a", 3).elected(3)}).is_broken());
}

TEST_CASE("two recordings of one process are one", "[trace][INV-149]") {
  auto early = told_story().cluster("cluster a").elected(3);
  auto later = told_story().cluster("cluster a").elected(3).asked(1).answered(1);
  auto report = check_all({early, later});
  CHECK(report.processes.size() == 1);
  CHECK(report.processes.front().events == 4);
  CHECK(report.of(rule::leader).held == 1);
  CHECK_FALSE(report.is_broken());
}

TEST_CASE("entries are acknowledged after the sync they need", "[trace][INV-149][INV-98]") {
  auto log = [](std::uint64_t last, std::uint64_t term) {
    return told_story(2).durable_log(last, term).durable_state(0, term);
  };
  CHECK(of(rule::reply, log(5, 3).says("append_entries_reply", "node 1", 5, 3)) == counts{1, 0, 0});
  auto early = [&] {
    return log(5, 3).says("append_entries_reply", "node 1", 6, 3).durable_log(6, 3);
  };
  CHECK(of(rule::reply, early()) == broken_once);
  CHECK(of(rule::reply, early().overwritten_so_far()) == counts{0, 0, 1});
  // What was cut off is not durable any more.
  CHECK(of(rule::reply, log(9, 3).durable_log(6, 4).durable_state(0, 4).says("append_entries_reply",
                                                                             "node 1", 9, 4))
        == broken_once);
  CHECK(of(rule::reply, log(5, 3).says("append_entries_reply", "node 1", 5, 4)) == broken_once);
  // A refusal vouches for nothing; and without a word of the log nobody can tell.
  CHECK(of(rule::reply, log(5, 3).says("append_entries_reply", "node 1", 0, 4)) == nothing);
  CHECK(of(rule::reply, told_story().says("append_entries_reply", "node 1", 5, 3))
        == counts{0, 0, 1});
}

TEST_CASE("a vote leaves after the sync it needs", "[trace][INV-149][INV-12]") {
  auto voted = [](const char* whom) {
    return told_story(2).durable_state(0, 2).durable_state(0, 3, whom);
  };
  CHECK(of(rule::reply, voted("node 1").says("request_vote_reply", "node 1", 1, 3))
        == counts{1, 0, 0});
  CHECK(of(rule::reply, voted("node 3").says("request_vote_reply", "node 1", 1, 3)) == broken_once);
  CHECK(of(rule::reply, voted("").says("request_vote_reply", "node 1", 1, 4)) == broken_once);
  CHECK(of(rule::reply, voted("node 1").says("request_vote_reply", "node 1", 1, 2))
        == counts{1, 0, 0});
  // A candidate votes for itself, and for nobody later.
  CHECK(of(rule::reply, voted("node 2").says("request_vote", "node 1", 1, 3)) == counts{1, 0, 0});
  CHECK(of(rule::reply, voted("node 1").says("request_vote", "node 1", 1, 3)) == broken_once);
  CHECK(of(rule::reply, voted("node 1").says("request_vote", "node 1", 0, 4))
        == nothing); // pre-vote
}

TEST_CASE("a leader commits what a quorum holds durably", "[trace][INV-149]") {
  auto leading = [] { return told_story(1).durable_log(4).elected(3).durable_log(5, 3); };
  auto heard = [&](std::uint64_t match, std::uint64_t term) {
    return leading().hears("append_entries_reply", "node 2", match, term);
  };
  CHECK(of(rule::commit, heard(5, 3).committed(5, 3, "voters 1,2,3")) == counts{1, 0, 0});
  CHECK(of(rule::commit, heard(4, 3).committed(5, 3, "voters 1,2,3")) == broken_once);
  CHECK(of(rule::commit, heard(5, 2).committed(5, 3, "voters 1,2,3")) == broken_once);
  CHECK(of(rule::commit, heard(6, 3).committed(6, 3, "voters 1,2,3")) == broken_once); // not here
  CHECK(of(rule::commit, leading().committed(5, 3, "voters 1")) == counts{1, 0, 0});
  CHECK(of(rule::commit, leading().committed(5, 3, "voters 1,2,3")) == broken_once);
  // What was heard before may have been overwritten, and who votes may have changed just then.
  CHECK(of(rule::commit, leading().overwritten_so_far().committed(5, 3, "voters 1,2,3"))
        == counts{0, 0, 1});
  CHECK(of(rule::commit, leading().committed(5, 3, "")) == counts{0, 0, 1});
}

TEST_CASE("in a joint configuration both majorities are needed", "[trace][INV-149]") {
  auto heard_two = [] {
    return told_story(1).elected(3).durable_log(5, 3).hears("append_entries_reply", "node 2", 5, 3);
  };
  CHECK(of(rule::commit, heard_two().committed(5, 3, "voters 1,2,3+1,2,4")) == counts{1, 0, 0});
  CHECK(of(rule::commit, heard_two().committed(5, 3, "voters 1,2,3+1,4,5")) == broken_once);
  CHECK(of(rule::commit, heard_two().committed(5, 3, "voters 3,4,5+1,2,3")) == broken_once);
}

TEST_CASE("who follows commits what the leader said", "[trace][INV-149]") {
  auto told = [](std::uint64_t said, std::uint64_t index) {
    return told_story(2).hears("append_entries", "node 1", said, 3, 9).committed(index, 3, "", 9);
  };
  CHECK(of(rule::commit, told(5, 5)) == counts{1, 0, 0});
  CHECK(of(rule::commit, told(5, 6)) == broken_once);
}

TEST_CASE("what is applied was committed before, durably", "[trace][INV-149][INV-50]") {
  auto apply = [](told_story told) {
    return told.begins("storage_writer", "state commit", 9)
        .applied(5, 9)
        .ends("storage_writer", "state commit", 9);
  };
  CHECK(of(rule::applied, apply(told_story().durable_state(5, 1))) == counts{1, 0, 0});
  auto early = [&] { return apply(told_story().durable_state(4, 1)); };
  CHECK(of(rule::applied, early()) == broken_once);
  CHECK(of(rule::applied, early().overwritten_so_far()) == counts{0, 0, 1});
  // It counts when the apply began, not when it was done.
  CHECK(of(rule::applied, told_story()
                              .durable_state(4, 1)
                              .begins("storage_writer", "state commit", 9)
                              .durable_state(5, 1)
                              .applied(5, 9))
        == broken_once);
  CHECK(of(rule::applied, told_story().applied(5, 9)) == counts{0, 0, 1});
}

TEST_CASE("one checkpoint at a time, by the storage writer", "[trace][INV-149]") {
  auto one = [](told_story told, std::uint64_t thread) {
    return told.begins("storage_writer", "checkpoint", 0, thread)
        .ends("storage_writer", "checkpoint", 0, thread);
  };
  CHECK(of(rule::checkpoint, one(one(told_story(), 1), 2)) == counts{2, 0, 0});
  CHECK(of(rule::checkpoint, told_story()
                                 .begins("storage_writer", "checkpoint", 0, 1)
                                 .begins("storage_writer", "checkpoint", 0, 2)
                                 .ends("storage_writer", "checkpoint", 0, 1)
                                 .ends("storage_writer", "checkpoint", 0, 2))
        == counts{1, 1, 0});
  CHECK(of(rule::checkpoint, one(told_story(), 1).begins("inspector", "checkpoint"))
        == counts{1, 1, 0});
}

TEST_CASE("a violation shows what led to it", "[trace][INV-149]") {
  auto report = check_all({told_story(2)
                               .durable_log(5, 3)
                               .durable_state(0, 3)
                               .sent(9, "", "raft", "peer_spoke", 8)
                               .received(9, "raft", "peer_spoke")
                               .says("append_entries_reply", "node 1", 6, 3)});
  REQUIRE(report.violations.size() == 1);
  const auto& found = report.violations.front();
  CHECK(found.node_id == 2);
  CHECK(found.text == "entries up to 6 were acknowledged when the log was durable up to 5");
  CHECK(found.slice.find("log_writer: durable log 5, term 3") != std::string::npos);
  CHECK(found.slice.find("raft tells node 1 append_entries_reply 6, term 3") != std::string::npos);
  auto body = nlohmann::json::parse(to_json(report));
  CHECK(body["is_broken"] == true);
  CHECK(body["violations"][0]["rule"] == "reply");
  CHECK(to_text(report).find("BROKEN") != std::string::npos);
}

TEST_CASE("the messages behind a violation are in its slice", "[trace][INV-149]") {
  auto told = told_story(2)
                  .sent(8, "", "raft", "peer_spoke")
                  .received(8, "raft", "peer_spoke")
                  .sent(9, "raft", "storage_writer", "apply", 8)
                  .received(9, "storage_writer", "apply")
                  .durable_state(4, 1)
                  .begins("storage_writer", "state commit", 9)
                  .applied(5, 9);
  auto report = check_all({told});
  REQUIRE(report.violations.size() == 1);
  const auto& slice = report.violations.front().slice;
  CHECK(slice.find("raft sends apply to storage_writer") != std::string::npos);
  CHECK(slice.find("raft receives peer_spoke") != std::string::npos);
  CHECK(slice.find("> ") != std::string::npos);
}

TEST_CASE("what was recorded while the ring was read is left out", "[trace][INV-149]") {
  auto told = told_story().lives("raft").exits("raft").received(1, "raft", "tick").tell();
  told.whole_until_ns = told.events.back().event.time_ns;
  CHECK_FALSE(check({told}).is_broken());
}
