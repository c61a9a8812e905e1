// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_cluster.hpp"

using namespace raft;
using raft_test::core_cluster;
using raft_test::core_server;
using raft_test::voters;

namespace {

entry made(const entry& before, std::uint64_t in_term, const std::string& bytes) {
  entry next;
  next.id = {before.id.index.next(), term{in_term}};
  next.kind = entry_kind::command;
  next.payload = payload(bytes);
  next.chain = next_chain(before.chain, next.id, next.kind, next.payload.hash());
  return next;
}

/// A follower of three whose log is the founding entry and entries of the given terms.
class follower_with : public core_server {
public:
  explicit follower_with(std::initializer_list<std::uint64_t> terms, std::uint64_t commit = 1)
    : core_server(1, voters({1, 2, 3})) {
    start();
    log = {disk().at(log_index{1})};
    std::vector<entry> entries;
    for (auto each : terms) {
      log.push_back(made(log.back(), each, "old"));
      entries.push_back(log.back());
    }
    if (entries.empty())
      return;
    step(server_id{2}, append_entries{entries.back().id.term, log[0].id, log[0].chain, entries,
                                      log_index{commit}, 0});
    settle();
    outbox.clear();
  }

  /// A message that follows the entry at `previous`.
  append_entries message(std::uint64_t in_term, std::size_t previous,
                         std::vector<entry> entries = {}, std::uint64_t commit = 0) {
    const auto& before = log.at(previous - 1);
    return {term{in_term}, before.id, before.chain, std::move(entries), log_index{commit}, 0};
  }

  append_entries_reply answer_to(append_entries request) {
    step(server_id{3}, std::move(request));
    settle();
    REQUIRE(outbox.size() == 1);
    auto answer = std::get<append_entries_reply>(outbox.front().body);
    outbox.clear();
    return answer;
  }

  std::vector<entry> log;
};

template <class Outcome>
Outcome outcome_of(const append_entries_reply& reply) {
  REQUIRE(std::holds_alternative<Outcome>(reply.outcome));
  return std::get<Outcome>(reply.outcome);
}

} // namespace

TEST_CASE("a proposal is committed when a majority holds it durably", "[raft][thesis 3.5]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].put(1, "a=1");
  cluster[1].persisted();
  CHECK_FALSE(cluster[1].has_committed(1));
  cluster.settle();
  CHECK(cluster[1].has_committed(1));
}

TEST_CASE("entries go to the followers beside the leader's own disk", "[raft][life of a write]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  auto owed = cluster[1].put(1, "a=1");
  CHECK(owed.persist);
  CHECK(owed.send_now.size() == 2);
}

TEST_CASE("a majority without the leader's disk is enough", "[raft][thesis 10.2.1]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].put(1, "a=1");
  auto match = cluster[1].status().last_index;
  for (std::uint64_t id : {2, 3})
    cluster[1].step(server_id{id}, append_entries_reply{term{1}, append_accepted{match}, 0});
  CHECK(cluster[1].is_persisting());
  CHECK(cluster[1].has_committed(1));
}

TEST_CASE("every server applies the same entries", "[raft][INV-16]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  for (request_id request = 1; request <= 20; ++request)
    cluster[1].put(request, "k" + std::to_string(request));
  cluster.tick_until([&] {
    return cluster[2].disk().applied().size() == 22 && cluster[3].disk().applied().size() == 22;
  });
}

TEST_CASE("an answer leaves when what it accepts is durable", "[raft][thesis 3.5][INV-19]") {
  follower_with server({1});
  server.step(server_id{3}, server.message(1, 2, {made(server.log.back(), 1, "new")}));
  CHECK(server.outbox.empty());
  server.persisted();
  CHECK(server.outbox.size() == 1);
}

TEST_CASE("a heartbeat is answered at once with what is durable", "[raft]") {
  follower_with server({1});
  auto next = made(server.log.back(), 1, "new");
  server.step(server_id{3}, server.message(1, 2, {next}));
  server.log.push_back(next);
  server.step(server_id{3}, server.message(1, 3));
  REQUIRE(server.outbox.size() == 1);
  auto answer = std::get<append_entries_reply>(server.outbox.front().body);
  CHECK(outcome_of<append_accepted>(answer).match_index == log_index{2});
}

TEST_CASE("a gap is refused with the end of the log", "[raft][thesis 3.5]") {
  follower_with server({1});
  auto far = server.message(1, 2);
  far.previous = {log_index{9}, term{1}};
  auto conflict = outcome_of<append_conflict>(server.answer_to(far));
  CHECK(conflict.rejected == log_index{9});
  CHECK(conflict.hint == entry_id{log_index{2}, term{1}});
}

TEST_CASE("a conflict names the last position before its term", "[raft][thesis 3.5]") {
  follower_with server({1, 1, 2, 2, 2});
  auto other = server.message(4, 6);
  other.previous.term = term{4};
  CHECK(outcome_of<append_conflict>(server.answer_to(other)).hint
        == entry_id{log_index{3}, term{1}});
}

TEST_CASE("conflicting entries are replaced, in one batch", "[raft][thesis 3.5]") {
  follower_with server({1, 2, 2});
  auto next = made(server.log[1], 3, "new");
  server.step(server_id{3}, server.message(3, 2, {next}));
  auto answer = [&] {
    server.settle();
    return std::get<append_entries_reply>(server.outbox.back().body);
  }();
  CHECK(outcome_of<append_accepted>(answer).match_index == log_index{3});
  CHECK(server.disk().last_index() == log_index{3});
  CHECK(server.disk().at(log_index{3}) == next);
}

TEST_CASE("a batch under way that is replaced meanwhile does not count", "[raft][INV-11]") {
  follower_with server({1});
  auto old_entry = made(server.log.back(), 2, "old");
  server.step(server_id{2}, server.message(2, 2, {old_entry}));
  auto new_entry = made(server.log.back(), 3, "new");
  server.step(server_id{3}, server.message(3, 2, {new_entry}));
  auto owed = server.persisted(); // of the old entry
  REQUIRE(owed.persist);
  CHECK(owed.persist->truncate_from == log_index{3});
  server.settle();
  CHECK(server.disk().at(log_index{3}) == new_entry);
}

TEST_CASE("what is held already is not replaced by the same again", "[raft][thesis 3.5]") {
  follower_with server({1, 1, 1});
  // A message that was overtaken: it holds a prefix of what came after it.
  auto owed = server.step(server_id{3}, server.message(1, 1, {server.log[1]}));
  CHECK_FALSE(owed.persist);
  CHECK(server.status().last_index == log_index{4});
}

TEST_CASE("a committed entry is never truncated", "[raft][INV-11]") {
  follower_with server({1, 1}, 3);
  auto other = made(server.log[1], 2, "other");
  auto diverged = outcome_of<append_diverged>(server.answer_to(server.message(2, 2, {other})));
  CHECK(diverged.at == other.id);
  CHECK(server.disk().at(log_index{3}) == server.log[2]);
}

TEST_CASE("equal positions with another chain are fenced, not repaired", "[raft][rule 3]") {
  follower_with server({1, 1});
  SECTION("before the entries") {
    auto other = server.message(1, 3);
    other.previous_chain = {6, 6};
    CHECK(outcome_of<append_diverged>(server.answer_to(other)).at == other.previous);
  }
  SECTION("among the entries") {
    auto other = made(server.log[1], 1, "other");
    CHECK(outcome_of<append_diverged>(server.answer_to(server.message(1, 2, {other}))).at
          == other.id);
  }
  CHECK(server.disk().at(log_index{3}) == server.log[2]);
}

TEST_CASE("a leader sends no entries to a server that diverged", "[raft][rule 3]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].step(server_id{2},
                  append_entries_reply{term{1}, append_diverged{{log_index{2}, term{1}}}, 0});
  auto owed = cluster[1].put(1, "a=1");
  for (const auto& each : owed.send_now)
    CHECK((each.to == server_id{3}));
  CHECK(cluster[1].events.back().what == event::kind::peer_diverged);
}

TEST_CASE("malformed messages are dropped", "[raft]") {
  follower_with server({1});
  auto bad = server.message(2, 2, {made(server.log.back(), 2, "new")});
  SECTION("a gap") {
    bad.entries[0].id.index = log_index{9};
  }
  SECTION("an entry of a future term") {
    bad.entries[0].id.term = term{3};
  }
  SECTION("a broken chain") {
    bad.entries[0].chain = {1, 1};
  }
  SECTION("a membership that is none") {
    bad.entries[0].kind = entry_kind::membership;
    const auto& each = bad.entries[0];
    bad.entries[0].chain =
        next_chain(server.log.back().chain, each.id, each.kind, each.payload.hash());
  }
  server.step(server_id{3}, bad);
  server.settle();
  CHECK(server.outbox.empty());
  CHECK(server.disk().last_index() == log_index{2});
}

TEST_CASE("the commit index follows the leader's up to what was matched", "[raft][thesis 3.5]") {
  follower_with server({1, 1, 1});
  server.answer_to(server.message(1, 3, {}, 99));
  CHECK(server.status().commit_index == log_index{3});
}

TEST_CASE("a follower's commit index rides with the next batch", "[raft][rule 5]") {
  follower_with server({1, 1});
  server.step(server_id{3}, server.message(1, 3, {}, 3));
  CHECK_FALSE(server.is_persisting()); // nobody waits for an apply yet
  auto owed = server.step(server_id{3}, server.message(1, 3, {made(server.log.back(), 1, "x")}, 3));
  REQUIRE(owed.persist);
  CHECK(owed.persist->state.commit_index == log_index{3});
}

TEST_CASE("a follower records no more as committed than was durable before", "[raft][rule 5]") {
  follower_with server({1, 1});
  auto next = made(server.log.back(), 1, "x");
  auto owed = server.step(server_id{3}, server.message(1, 3, {next}, 4));
  REQUIRE(owed.persist);
  CHECK(server.status().commit_index == log_index{4});
  CHECK(owed.persist->state.commit_index == log_index{3});
}

TEST_CASE("the commit index gets a record of its own when an apply is due", "[raft][rule 6]") {
  follower_with server({1, 1});
  server.step(server_id{3}, server.message(1, 3, {}, 3));
  CHECK_FALSE(server.is_applying());
  auto owed = server.timer_fired();
  REQUIRE(owed.persist);
  CHECK(owed.persist->entries.empty());
  CHECK(server.persisted().apply);
}

// One put after the other cost a record of its own, with two flushes, every five milliseconds.
TEST_CASE("while batches come the commit index gets no record of its own", "[raft][rule 6]") {
  follower_with server({1, 1});
  server.step(server_id{3}, server.message(1, 3, {}, 3)); // the timer runs for entry 3
  auto next = made(server.log.back(), 1, "x");
  server.step(server_id{3}, server.message(1, 3, {next}, 3));
  server.persisted(); // and 3 as committed with it
  server.step(server_id{3}, append_entries{term{1}, next.id, next.chain, {}, log_index{4}, 0, 9});
  auto owed = server.timer_fired();
  CHECK_FALSE(owed.persist);
  REQUIRE(owed.apply);
  CHECK(owed.apply->entries.back().id.index == log_index{3});
  server.applied();
  CHECK(server.is_timer_running()); // for entry 4, which is due no later than it was
  owed = server.timer_fired();
  REQUIRE(owed.persist);
  CHECK(owed.persist->state.commit_index == log_index{4});
}

TEST_CASE("only entries of the leader's own term are committed by counting",
          "[raft][thesis 3.6.2]") {
  // Figure 8: an entry of an earlier term is on a majority, and yet not committed by that.
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.cut_off(1);
  cluster[1].put(1, "a=1"); // 3/1 on server 1 alone
  cluster[1].settle();
  cluster[1].outbox.clear();
  cluster[1].crash();
  cluster[1].start();
  cluster.heal();
  while (cluster[1].status().role == role_name::follower)
    cluster[1].tick();
  for (std::uint64_t id : {2, 3})
    cluster[1].step(server_id{id}, request_vote_reply{term{2}, true, true});
  cluster[1].settle();
  cluster[1].step(server_id{2}, request_vote_reply{term{2}, true, false});
  REQUIRE(cluster[1].status().role == role_name::leader);
  cluster[1].settle();
  cluster[1].step(server_id{2}, append_entries_reply{term{2}, append_accepted{log_index{3}}, 0});
  CHECK(cluster[1].status().commit_index < log_index{3});
  cluster[1].step(server_id{2}, append_entries_reply{term{2}, append_accepted{log_index{4}}, 0});
  CHECK(cluster[1].status().commit_index == log_index{4});
}

TEST_CASE("a proposal that another leader replaced is told to be not done", "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.cut_off(1);
  cluster[1].put(1, "lost");
  cluster.settle();
  cluster.tick_until(
      [&] { return cluster.leader() != nullptr && cluster.leader() != &cluster[1]; });
  cluster.heal();
  cluster.tick_until([&] { return cluster[1].has_dropped(1); });
  CHECK_FALSE(cluster[1].has_committed(1));
}

TEST_CASE("a proposal that another leader completed is told to be done", "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].put(1, "kept");
  cluster[1].settle();
  cluster.deliver_from(cluster[1]); // to server 2 alone
  cluster.cut_off(1);
  cluster.settle();
  cluster.tick_until(
      [&] { return cluster.leader() != nullptr && cluster.leader() != &cluster[1]; });
  REQUIRE(cluster.leader() == &cluster[2]);
  cluster.heal();
  cluster.tick_until([&] { return cluster[1].has_committed(1); });
}

TEST_CASE("a follower that was away catches up from the leader's memory", "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.cut_off(3);
  for (request_id request = 1; request <= 100; ++request)
    cluster[1].put(request, "x");
  cluster.settle();
  cluster.heal();
  cluster.tick_until([&] { return cluster[3].disk().applied().size() == 102; });
}

TEST_CASE("a follower further behind is served from the leader's disk", "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.cut_off(3);
  for (request_id request = 1; request <= 6000; ++request)
    cluster[1].put(request, "x");
  cluster.settle();
  cluster.heal();
  cluster.tick_until([&] { return cluster[3].disk().applied().size() == 6002; });
}

// Once as many messages are on their way as may be, nothing but an answer lets the leader go
// on. When they are all lost and its window has moved on, the answers must still come.
TEST_CASE("a follower is served after every message to it was lost and the window moved on",
          "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.cut_off(3);
  request_id request = 0;
  for (; request < bounds::messages_in_flight_max + 1; ++request) {
    cluster[1].put(request + 1, "x");
    cluster.settle();
  }
  for (; request < 2 * bounds::window_applied_entries_max; ++request)
    cluster[1].put(request + 1, "x");
  cluster.settle();
  cluster.heal();
  cluster.tick_until([&] { return cluster[3].disk().applied().size() == request + 2; });
}

TEST_CASE("a leader without a window serves followers from its disk", "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.cut_off(3);
  for (request_id request = 1; request <= 50; ++request)
    cluster[1].put(request, "x");
  cluster.settle();
  for (auto id : {1, 2}) {
    cluster[static_cast<std::uint64_t>(id)].crash();
    cluster[static_cast<std::uint64_t>(id)].start();
  }
  cluster.heal();
  cluster.tick_until([&] { return cluster[3].disk().last_applied() >= log_index{52}; });
}

TEST_CASE("lost messages are sent again", "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].put(1, "a=1");
  cluster[1].settle();
  cluster[1].outbox.clear();
  cluster.tick_until([&] { return cluster[3].disk().applied().size() == 3; });
}

TEST_CASE("what is on its way to one peer is bounded", "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].put(1000, "first");
  for (request_id request = 1; request <= 40; ++request)
    cluster[1].put(request, std::string(base::limits::mebibyte, 'x'));
  cluster[1].settle();
  std::uint64_t bytes = 0;
  for (const auto& each : cluster[1].outbox)
    if (const auto* sent = std::get_if<append_entries>(&each.body); sent && each.to == server_id{2})
      for (const auto& one : sent->entries)
        bytes += one.payload.size();
  CHECK(bytes <= 10 * base::limits::mebibyte);
  cluster.tick_until([&] { return cluster[2].disk().applied().size() == 43; });
}

TEST_CASE("a learner of a sole voter receives the log", "[raft][thesis 4.2.1]") {
  auto members = voters({1});
  members.learners.push_back({server_id{2}, {}, "", ""});
  core_server leader(1, members);
  core_server learner(2, members);
  leader.start();
  learner.start();
  leader.put(1, "x");
  leader.settle();
  leader.put(2, "a=1");
  auto exchange = [](core_server& from, core_server& to) {
    while (!from.outbox.empty()) {
      auto next = from.outbox.front();
      from.outbox.pop_front();
      to.step(from.id(), next.body);
    }
    to.settle();
  };
  for (int i = 0; i < 20; ++i) {
    leader.tick();
    leader.settle();
    exchange(leader, learner);
    exchange(learner, leader);
  }
  CHECK(learner.disk().last_applied() == leader.disk().last_applied());
}
